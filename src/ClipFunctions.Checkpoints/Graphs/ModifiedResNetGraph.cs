using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Checkpoints.Layouts;
using ClipFunctions.Clip.Bundles;
using DataType = ClipFunctions.Checkpoints.Onnx.Proto.TensorProto.Types.DataType;

namespace ClipFunctions.Checkpoints.Graphs;

/// <summary>
/// CLIP's ModifiedResNet with its attention pool. Batch norms are folded into the convolutions before them; convolutions, sums and
/// ReLUs are left as they are, because the runtime fuses them while it moves them to its blocked channel layout.
/// </summary>
internal sealed class ModifiedResNetGraph : TowerGraph
{
    private const double BatchNormEpsilon = 1e-5;

    public ModifiedResNetGraph(ICheckpoint checkpoint, ClipArchitecture architecture, PreprocessingSpec preprocessing, GraphOptions options)
        : base("visual", checkpoint, options, VisionArchitecture.DefaultNormEpsilon)
    {
        VisionArchitecture vision = architecture.Vision;
        float[] scale = [.. preprocessing.Std.Select(std => (float)(1 / (255 * (double)std)))];
        (string x, float[]? channelScale) = (options.Input, IsHalfPrecision) switch
        {
            (VisionInput.Bytes, false) => (CentredBytes(preprocessing, vision.ImageSize), scale),

            // Kernels this small would lose bits in 16-bit floats: the picture is scaled instead.
            (VisionInput.Bytes, true) => (ToCompute(Graph.Add("Mul", [CentredBytes(preprocessing, vision.ImageSize), Graph.Floats("visual.scale", scale, 1, 3, 1, 1)])), null),
            _ => (ToCompute(VisionTower.FloatsInput(Graph, vision.ImageSize)), (float[]?)null),
        };

        x = Relu(Convolution(x, "visual.conv1", "visual.bn1", 3, 2, channelScale));
        x = Relu(Convolution(x, "visual.conv2", "visual.bn2", 3, 1));
        x = Relu(Convolution(x, "visual.conv3", "visual.bn3", 3, 1));
        x = AveragePool(x);

        long inputs = vision.Width;
        for (int stage = 0; stage < 4; stage++)
        {
            long planes = (long)vision.Width << stage;
            for (int block = 0; block < vision.Layers[stage]; block++)
            {
                x = Bottleneck(x, $"visual.layer{stage + 1}.{block}", stage > 0 && block == 0, ModelLayout.HasDownsample(stage, block, inputs, planes));
                inputs = planes * 4;
            }
        }

        string pooled = AttentionPool(x, (int)inputs, vision.Heads);
        Finish("Gemm", [pooled, Weights.Matrix("visual.attnpool.c_proj.weight"), Weights.Vector("visual.attnpool.c_proj.bias")], architecture.EmbeddingDimension, ("transB", 1));
    }

    // The convolution pads with zeros behind the normalisation, so the shift cannot move into it; the scale can, as it keeps zeros.
    private string CentredBytes(PreprocessingSpec preprocessing, int size)
    {
        string planes = Transpose(VisionTower.BytesInput(Graph, size), 0, 3, 1, 2);
        string floats = Graph.Add("Cast", [planes], null, "", ("to", (int)DataType.Float));
        float[] centre = [.. preprocessing.Mean.Select(mean => (float)(255 * (double)mean))];
        return Graph.Add("Sub", [floats, Graph.Floats("visual.centre", centre, 1, 3, 1, 1)]);
    }

    private string Relu(string x) => Graph.Add("Relu", [x]);

    private string AveragePool(string x) => Graph.Add("AveragePool", [x], null, "", ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));

    private string Convolution(string x, string convolution, string norm, int kernel, int stride, float[]? channelScale = null)
    {
        float[] weight = Weights.Values($"{norm}.weight");
        float[] bias = Weights.Values($"{norm}.bias");
        float[] mean = Weights.Values($"{norm}.running_mean");
        float[] variance = Weights.Values($"{norm}.running_var");
        float[] factors = new float[weight.Length];
        for (int i = 0; i < factors.Length; i++)
        {
            double factor = weight[i] / Math.Sqrt(variance[i] + BatchNormEpsilon);
            factors[i] = (float)factor;
            bias[i] = (float)(bias[i] - (mean[i] * factor));
        }

        string kernels = Weights.Scaled($"{convolution}.weight", factors);
        if (channelScale is not null)
        {
            kernels = Graph.Add("Mul", [kernels, Graph.Floats("visual.scale", channelScale, 1, 3, 1, 1)]);
        }

        long padding = kernel / 2;
        return Graph.Add(
            "Conv",
            [x, kernels, Weights.Computed($"{convolution}.bias", bias, bias.Length)],
            null,
            "",
            ("kernel_shape", new long[] { kernel, kernel }),
            ("strides", new long[] { stride, stride }),
            ("pads", new[] { padding, padding, padding, padding }));
    }

    private string Bottleneck(string x, string name, bool halve, bool downsample)
    {
        string y = Relu(Convolution(x, $"{name}.conv1", $"{name}.bn1", 1, 1));
        y = Relu(Convolution(y, $"{name}.conv2", $"{name}.bn2", 3, 1));
        if (halve)
        {
            y = AveragePool(y);
        }

        y = Convolution(y, $"{name}.conv3", $"{name}.bn3", 1, 1);
        if (downsample)
        {
            x = Convolution(halve ? AveragePool(x) : x, $"{name}.downsample.0", $"{name}.downsample.1", 1, 1);
        }

        return Relu(Graph.Add("Add", [y, x]));
    }

    private string AttentionPool(string x, int width, int heads)
    {
        string grid = Transpose(Reshape(x, 0, width, -1), 0, 2, 1);
        string mean = Graph.Add("ReduceMean", [grid], null, "", ("axes", new long[] { 1 }), ("keepdims", 1));
        string positions = Graph.Add("Add", [Graph.Add("Concat", [mean, grid], null, "", ("axis", 1)), Weights.Vector("visual.attnpool.positional_embedding")]);
        string query = Graph.Add("Gather", [positions, Graph.Integer(0)], null, "", ("axis", 1));
        return AttendOnce(
            Linear(query, Weights.Matrix("visual.attnpool.q_proj.weight"), Weights.Vector("visual.attnpool.q_proj.bias")),
            positions,
            null,
            Weights.Matrix("visual.attnpool.k_proj.weight", heads, width / heads, width),
            Weights.Matrix("visual.attnpool.v_proj.weight", heads, width / heads, width),
            Weights.Vector("visual.attnpool.v_proj.bias"),
            width,
            heads);
    }
}
