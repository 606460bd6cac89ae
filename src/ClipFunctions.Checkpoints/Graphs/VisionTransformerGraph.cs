using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>CLIP's vision transformer.</summary>
internal sealed class VisionTransformerGraph : TransformerGraph
{
    public VisionTransformerGraph(ICheckpoint checkpoint, ClipArchitecture architecture, PreprocessingSpec preprocessing, GraphOptions options)
        : base("visual", checkpoint, options, architecture.Vision.NormEpsilon, architecture.Activation)
    {
        VisionArchitecture vision = architecture.Vision;
        int width = vision.Width;
        int patch = vision.PatchSize!.Value;
        int grid = vision.ImageSize / patch;

        string patches = options.Input switch
        {
            VisionInput.NormalisedFloats => PatchesOfFloats(vision.ImageSize, grid, patch, width),
            _ when IsHalfPrecision => NormalisedPatchesOfBytes(preprocessing, vision.ImageSize, grid, patch, width),
            _ => PatchesOfBytes(preprocessing, vision.ImageSize, grid, patch, width),
        };
        patches = Reshape(patches, -1, grid * grid, width);
        if (vision.Pooling == VisionPooling.AttentionMap)
        {
            PoolByAttention(patches, vision, grid * grid, architecture.EmbeddingDimension);
        }
        else
        {
            PoolByClassToken(patches, vision, (grid * grid) + 1, architecture.EmbeddingDimension);
        }
    }

    private void PoolByClassToken(string patches, VisionArchitecture vision, int length, int dimension)
    {
        int width = vision.Width;
        string count = Graph.Add("Shape", [VisionTower.InputName], null, "", ("start", 0), ("end", 1));
        string classShape = Graph.Add("Concat", [count, Graph.Integers(1, width)], null, "", ("axis", 0));
        string classes = Graph.Add("Expand", [Weights.Vector("visual.class_embedding"), classShape]);
        string tokens = Graph.Add("Concat", [classes, patches], null, "", ("axis", 1));
        (string stream, _) = AddAndNorm(tokens, Weights.Vector("visual.positional_embedding"), "visual.ln_pre");
        string norm = LayerNorm(stream, "visual.transformer.resblocks.0.ln_1");

        string First(string positions) => Graph.Add("Gather", [positions, Graph.Integer(0)], null, "", ("axis", 1));
        string pooled = Blocks("visual.transformer.resblocks", width, vision.Layers[0], vision.Heads, stream, norm, Graph.Integers(-1, length, width), false, First, null, "visual.ln_post");
        Finish("MatMul", [pooled, Weights.Matrix("visual.proj")], dimension);
    }

    // The pooling head of SigLIP (arXiv 2303.15343; big_vision's MAPHead): a learned query over all positions, then an MLP beside a residual.
    private void PoolByAttention(string patches, VisionArchitecture vision, int length, int dimension)
    {
        const string Pool = "visual.attn_pool";
        int width = vision.Width;
        int heads = vision.Heads;
        (string norm, string stream) = AddAndNorm(patches, Weights.Vector("visual.positional_embedding"), "visual.transformer.resblocks.0.ln_1");
        string shape = Graph.Integers(-1, length, width);
        string rows = Blocks("visual.transformer.resblocks", width, vision.Layers[0], heads, stream, norm, shape, false, null, null, "visual.ln_post");

        string weight = $"{Pool}.in_proj_weight";
        string query = Linear(Reshape(Weights.Vector($"{Pool}.probe"), 1, width), Weights.Rows(weight, 0, width), Weights.Vector($"{Pool}.in_proj_bias", 0, width));
        string attended = AttendOnce(
            query,
            Graph.Add("Reshape", [rows, shape]),
            null,
            Weights.Rows(weight, width, width, heads, width / heads, width),
            Weights.Rows(weight, 2L * width, width, heads, width / heads, width),
            Weights.Vector($"{Pool}.in_proj_bias", 2L * width, width),
            width,
            heads);
        string projected = Linear(attended, $"{Pool}.out_proj");
        string hidden = Activate(LayerNorm(projected, $"{Pool}.ln"), $"{Pool}.mlp.c_fc");
        Finish("Add", [projected, Linear(hidden, $"{Pool}.mlp.c_proj")], dimension);
    }

    private string RowsOfBytes(int size, int grid, int patch)
    {
        string pixels = VisionTower.BytesInput(Graph, size);
        string byPatch = Transpose(Reshape(pixels, -1, grid, patch, grid, patch * 3), 0, 1, 3, 2, 4);
        return Graph.Add("Cast", [Reshape(byPatch, -1, patch * patch * 3)], null, "", ("to", (int)DataType.Float));
    }

    // The first convolution's kernels do not overlap, so it is a product of the patches' rows with the kernels. Nor is there padding,
    // so scale and shift of the normalisation go into it: W·(v/255 − mean)/std = (W/(255·std))·v − W·mean/std.
    private string PatchesOfBytes(PreprocessingSpec preprocessing, int size, int grid, int patch, int width)
    {
        string rows = RowsOfBytes(size, grid, patch);
        float[] moved = KernelsByPixel(patch, width);
        float[] own = Weights.Has("visual.conv1.bias") ? Weights.Values("visual.conv1.bias") : new float[width];
        float[] bias = new float[width];
        int length = patch * patch * 3;
        for (int o = 0; o < width; o++)
        {
            double shift = own[o];
            for (int at = 0; at < length; at++)
            {
                shift -= moved[(o * length) + at] * (double)preprocessing.Mean[at % 3] / preprocessing.Std[at % 3];
            }

            bias[o] = (float)shift;
        }

        string weight = Weights.Moved("visual.conv1.weight.patches", "visual.conv1.weight", moved, width, length);
        string scaled = Graph.Add("Mul", [weight, Graph.Floats("visual.conv1.scale", Scale(preprocessing, length), length)]);
        return Linear(rows, scaled, Graph.Floats("visual.conv1.shift", bias, width));
    }

    // Kernels divided by 255·std would lose bits in 16-bit floats, so the pixels are normalised in 32 bits first, as the reference does.
    private string NormalisedPatchesOfBytes(PreprocessingSpec preprocessing, int size, int grid, int patch, int width)
    {
        string rows = RowsOfBytes(size, grid, patch);
        int length = patch * patch * 3;
        float[] shift = [.. Enumerable.Range(0, length).Select(at => (float)(-(double)preprocessing.Mean[at % 3] / preprocessing.Std[at % 3]))];
        string scaled = Graph.Add("Mul", [rows, Graph.Floats("visual.pixels.scale", Scale(preprocessing, length), length)]);
        string normalised = ToCompute(Graph.Add("Add", [scaled, Graph.Floats("visual.pixels.shift", shift, length)]));
        return Linear(normalised, Weights.Moved("visual.conv1.weight.patches", "visual.conv1.weight", KernelsByPixel(patch, width), width, length), ConvolutionBias());
    }

    private string PatchesOfFloats(int size, int grid, int patch, int width)
    {
        string pixels = ToCompute(VisionTower.FloatsInput(Graph, size));
        string byPatch = Transpose(Reshape(pixels, -1, 3, grid, patch, grid, patch), 0, 2, 4, 1, 3, 5);
        return Linear(Reshape(byPatch, -1, 3 * patch * patch), Weights.Matrix("visual.conv1.weight", width, 3 * patch * patch), ConvolutionBias());
    }

    private string? ConvolutionBias() => Weights.Has("visual.conv1.bias") ? Weights.Vector("visual.conv1.bias") : null;

    private static float[] Scale(PreprocessingSpec preprocessing, int length) => [.. Enumerable.Range(0, length).Select(at => (float)(1 / (255 * (double)preprocessing.Std[at % 3])))];

    // From [width, 3, patch, patch] to [width, patch, patch, 3], in the order of the picture's bytes.
    private float[] KernelsByPixel(int patch, int width)
    {
        float[] kernels = Weights.Values("visual.conv1.weight");
        float[] moved = new float[kernels.Length];
        int area = patch * patch;
        for (int o = 0; o < width; o++)
        {
            for (int c = 0; c < 3; c++)
            {
                for (int at = 0; at < area; at++)
                {
                    moved[(((o * area) + at) * 3) + c] = kernels[(((o * 3) + c) * area) + at];
                }
            }
        }

        return moved;
    }
}
