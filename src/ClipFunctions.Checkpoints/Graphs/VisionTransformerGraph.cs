using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>CLIP's vision transformer.</summary>
internal sealed class VisionTransformerGraph : TransformerGraph
{
    public VisionTransformerGraph(ICheckpoint checkpoint, ClipArchitecture architecture, PreprocessingSpec preprocessing, VisionInput input, WeightStorage storage)
        : base("visual", checkpoint, storage, architecture.Activation)
    {
        VisionArchitecture vision = architecture.Vision;
        int width = vision.Width;
        int patch = vision.PatchSize!.Value;
        int grid = vision.ImageSize / patch;
        int length = (grid * grid) + 1;

        string patches = input == VisionInput.Bytes
            ? PatchesOfBytes(preprocessing, vision.ImageSize, grid, patch, width)
            : PatchesOfFloats(vision.ImageSize, grid, patch, width);
        patches = Reshape(patches, -1, grid * grid, width);

        string count = Graph.Add("Shape", [VisionTower.InputName], null, "", ("start", 0), ("end", 1));
        string classShape = Graph.Add("Concat", [count, Graph.Integers(1, width)], null, "", ("axis", 0));
        string classes = Graph.Add("Expand", [Weights.Vector("visual.class_embedding"), classShape]);
        string tokens = Graph.Add("Concat", [classes, patches], null, "", ("axis", 1));
        (string stream, _) = AddAndNorm(tokens, Weights.Vector("visual.positional_embedding"), "visual.ln_pre");
        string norm = LayerNorm(stream, "visual.transformer.resblocks.0.ln_1");

        string First(string positions) => Graph.Add("Gather", [positions, Graph.Integer(0)], null, "", ("axis", 1));
        string pooled = Blocks("visual.transformer.resblocks", width, vision.Layers[0], vision.Heads, stream, norm, Graph.Integers(-1, length, width), false, First, null, "visual.ln_post");
        Graph.Add("MatMul", [pooled, Weights.Matrix("visual.proj")], OutputName);
        Graph.Output(OutputName, DataType.Float, "n", architecture.EmbeddingDimension);
    }

    // The first convolution's kernels do not overlap, so it is a product of the patches' rows with the kernels. Nor is there padding,
    // so scale and shift of the normalisation go into it: W·(v/255 − mean)/std = (W/(255·std))·v − W·mean/std.
    private string PatchesOfBytes(PreprocessingSpec preprocessing, int size, int grid, int patch, int width)
    {
        string pixels = VisionTower.BytesInput(Graph, size);
        string byPatch = Transpose(Reshape(pixels, -1, grid, patch, grid, patch * 3), 0, 1, 3, 2, 4);
        string rows = Graph.Add("Cast", [Reshape(byPatch, -1, patch * patch * 3)], null, "", ("to", (int)DataType.Float));

        float[] kernels = Weights.Values("visual.conv1.weight");
        float[] moved = new float[kernels.Length];
        float[] bias = new float[width];
        float[] scale = new float[patch * patch * 3];
        for (int o = 0; o < width; o++)
        {
            double shift = 0;
            for (int c = 0; c < 3; c++)
            {
                double mean = preprocessing.Mean[c];
                double std = preprocessing.Std[c];
                for (int at = 0; at < patch * patch; at++)
                {
                    float value = kernels[(((o * 3) + c) * patch * patch) + at];
                    moved[(((o * patch * patch) + at) * 3) + c] = value;
                    scale[(at * 3) + c] = (float)(1 / (255 * std));
                    shift -= value * mean / std;
                }
            }

            bias[o] = (float)shift;
        }

        string weight = Weights.Moved("visual.conv1.weight.patches", "visual.conv1.weight", moved, width, scale.Length);
        string scaled = Graph.Add("Mul", [weight, Graph.Floats("visual.conv1.scale", scale, scale.Length)]);
        return Linear(rows, scaled, Graph.Floats("visual.conv1.shift", bias, width));
    }

    private string PatchesOfFloats(int size, int grid, int patch, int width)
    {
        string pixels = VisionTower.FloatsInput(Graph, size);
        string byPatch = Transpose(Reshape(pixels, -1, 3, grid, patch, grid, patch), 0, 2, 4, 1, 3, 5);
        return Linear(Reshape(byPatch, -1, 3 * patch * patch), Weights.Matrix("visual.conv1.weight", width, 3 * patch * patch), null);
    }
}
