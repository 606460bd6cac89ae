using System.Globalization;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Layouts;

/// <summary>
/// The naming of openai/CLIP's own state dictionaries. The sizes are inferred from the tensors' shapes by the rules of its
/// <c>build_model</c>; then every tensor that these sizes imply must be there in its shape, and no other.
/// </summary>
public static class OpenAiLayout
{
    private const int HeadWidth = 64;

    // What a state dictionary holds besides parameters.
    private static readonly string[] Buffers = ["input_resolution", "context_length", "vocab_size"];

    /// <summary>Whether a checkpoint's names are of this layout.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    public static bool Recognises(ICheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return checkpoint.Tensors.ContainsKey("visual.conv1.weight") && checkpoint.Tensors.ContainsKey("token_embedding.weight");
    }

    /// <summary>Infers the sizes and checks that every tensor is there in its shape and that none is left over.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="activation">The activation, which no shape tells; OpenAI's own models have <see cref="ActivationKind.QuickGelu"/>.</param>
    /// <exception cref="InvalidCheckpointException">A tensor is missing, unknown or of a wrong shape; it is named with expected and actual.</exception>
    public static ClipArchitecture Infer(ICheckpoint checkpoint, ActivationKind activation = ActivationKind.QuickGelu)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ClipArchitecture architecture = new Reader(checkpoint).Infer(activation);
        Check(checkpoint, architecture);
        return architecture;
    }

    private static void Check(ICheckpoint checkpoint, ClipArchitecture architecture)
    {
        Dictionary<string, long[]> expected = ExpectedTensors(architecture);
        foreach ((string name, long[] shape) in expected)
        {
            if (!checkpoint.Tensors.TryGetValue(name, out TensorInfo? tensor))
            {
                throw new InvalidCheckpointException(checkpoint.Name, name, $"is missing; expected {Text(shape)}.");
            }

            if (!tensor.Shape.SequenceEqual(shape))
            {
                throw new InvalidCheckpointException(checkpoint.Name, name, $"expected {Text(shape)}, found {Text(tensor.Shape)}.");
            }

            if (tensor.Type is not (TensorType.F16 or TensorType.BF16 or TensorType.F32 or TensorType.F64))
            {
                throw new InvalidCheckpointException(checkpoint.Name, name, $"expected floating-point numbers, found {tensor.Type}.");
            }
        }

        foreach (TensorInfo tensor in checkpoint.Tensors.Values)
        {
            if (!expected.ContainsKey(tensor.Name) && !IsBuffer(tensor.Name))
            {
                throw new InvalidCheckpointException(checkpoint.Name, tensor.Name, $"{Text(tensor.Shape)} is no tensor of this model ({Describe(architecture)}).");
            }
        }
    }

    private static bool IsBuffer(string name)
        => Buffers.Contains(name) || (name.StartsWith("visual.", StringComparison.Ordinal) && name.EndsWith(".num_batches_tracked", StringComparison.Ordinal));

    private static string Describe(ClipArchitecture architecture)
    {
        VisionArchitecture vision = architecture.Vision;
        return string.Create(CultureInfo.InvariantCulture, $"{vision.Kind}, width {vision.Width}, layers {string.Join("-", vision.Layers)}, {vision.ImageSize} px, text width {architecture.Text.Width}, layers {architecture.Text.Layers}");
    }

    private static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    private static Dictionary<string, long[]> ExpectedTensors(ClipArchitecture architecture)
    {
        Dictionary<string, long[]> tensors = new(StringComparer.Ordinal);
        VisionArchitecture vision = architecture.Vision;
        TextArchitecture text = architecture.Text;
        long embedding = architecture.EmbeddingDimension;
        if (vision.Kind == VisionKind.VisionTransformer)
        {
            long width = vision.Width;
            long patch = vision.PatchSize!.Value;
            long grid = vision.ImageSize / patch;
            tensors.Add("visual.conv1.weight", [width, 3, patch, patch]);
            tensors.Add("visual.class_embedding", [width]);
            tensors.Add("visual.positional_embedding", [(grid * grid) + 1, width]);
            AddNorm("visual.ln_pre", width);
            AddBlocks("visual.transformer", width, vision.Layers[0], vision.MlpWidth!.Value);
            AddNorm("visual.ln_post", width);
            tensors.Add("visual.proj", [width, embedding]);
        }
        else
        {
            AddResNet(vision, embedding);
        }

        tensors.Add("token_embedding.weight", [text.VocabularySize, text.Width]);
        tensors.Add("positional_embedding", [text.ContextLength, text.Width]);
        AddBlocks("transformer", text.Width, text.Layers, text.MlpWidth);
        AddNorm("ln_final", text.Width);
        tensors.Add("text_projection", [text.Width, embedding]);
        tensors.Add("logit_scale", []);
        return tensors;

        void AddNorm(string name, long width)
        {
            tensors.Add($"{name}.weight", [width]);
            tensors.Add($"{name}.bias", [width]);
        }

        void AddLinear(string name, long outputs, long inputs)
        {
            tensors.Add($"{name}.weight", [outputs, inputs]);
            tensors.Add($"{name}.bias", [outputs]);
        }

        void AddBlocks(string name, long width, int layers, long mlp)
        {
            for (int i = 0; i < layers; i++)
            {
                string block = $"{name}.resblocks.{i}";
                AddNorm($"{block}.ln_1", width);
                tensors.Add($"{block}.attn.in_proj_weight", [3 * width, width]);
                tensors.Add($"{block}.attn.in_proj_bias", [3 * width]);
                AddLinear($"{block}.attn.out_proj", width, width);
                AddNorm($"{block}.ln_2", width);
                AddLinear($"{block}.mlp.c_fc", mlp, width);
                AddLinear($"{block}.mlp.c_proj", width, mlp);
            }
        }

        void AddConvolution(string convolution, string norm, long outputs, long inputs, long kernel)
        {
            tensors.Add($"{convolution}.weight", [outputs, inputs, kernel, kernel]);
            AddNorm(norm, outputs);
            tensors.Add($"{norm}.running_mean", [outputs]);
            tensors.Add($"{norm}.running_var", [outputs]);
        }

        void AddResNet(VisionArchitecture resnet, long outputs)
        {
            long width = resnet.Width;
            AddConvolution("visual.conv1", "visual.bn1", width / 2, 3, 3);
            AddConvolution("visual.conv2", "visual.bn2", width / 2, width / 2, 3);
            AddConvolution("visual.conv3", "visual.bn3", width, width / 2, 3);
            long inputs = width;
            for (int stage = 0; stage < 4; stage++)
            {
                long planes = width << stage;
                for (int block = 0; block < resnet.Layers[stage]; block++)
                {
                    string name = $"visual.layer{stage + 1}.{block}";
                    AddConvolution($"{name}.conv1", $"{name}.bn1", planes, inputs, 1);
                    AddConvolution($"{name}.conv2", $"{name}.bn2", planes, planes, 3);
                    AddConvolution($"{name}.conv3", $"{name}.bn3", planes * 4, planes, 1);
                    if (HasDownsample(stage, block, inputs, planes))
                    {
                        AddConvolution($"{name}.downsample.0", $"{name}.downsample.1", planes * 4, inputs, 1);
                    }

                    inputs = planes * 4;
                }
            }

            long grid = resnet.ImageSize / 32;
            tensors.Add("visual.attnpool.positional_embedding", [(grid * grid) + 1, inputs]);
            AddLinear("visual.attnpool.q_proj", inputs, inputs);
            AddLinear("visual.attnpool.k_proj", inputs, inputs);
            AddLinear("visual.attnpool.v_proj", inputs, inputs);
            AddLinear("visual.attnpool.c_proj", outputs, inputs);
        }
    }

    internal static bool HasDownsample(int stage, int block, long inputs, long planes) => (stage > 0 && block == 0) || inputs != planes * 4;

    private sealed class Reader(ICheckpoint checkpoint)
    {
        public ClipArchitecture Infer(ActivationKind activation)
        {
            bool transformer = checkpoint.Tensors.ContainsKey("visual.proj");
            VisionArchitecture vision = transformer ? Transformer() : ResNet();

            int width = Size("ln_final.weight", 1, 0);
            int layers = CountBlocks("transformer.resblocks.");
            TextArchitecture text = new()
            {
                ContextLength = Size("positional_embedding", 2, 0),
                VocabularySize = Size("token_embedding.weight", 2, 0),
                Width = width,
                Layers = layers,
                Heads = Heads("ln_final.weight", width),
                MlpWidth = Size("transformer.resblocks.0.mlp.c_fc.weight", 2, 0),
                Causal = true,
                Pooling = TextPooling.ArgMax,
            };
            return new ClipArchitecture
            {
                EmbeddingDimension = Size("text_projection", 2, 1),
                Activation = activation,
                Vision = vision,
                Text = text,
            };
        }

        private VisionArchitecture Transformer()
        {
            int width = Size("visual.conv1.weight", 4, 0);
            int patch = Size("visual.conv1.weight", 4, 3);
            return new VisionArchitecture
            {
                Kind = VisionKind.VisionTransformer,
                ImageSize = Checked("visual.positional_embedding", (long)patch * Grid("visual.positional_embedding")),
                PatchSize = patch,
                Width = width,
                Layers = [CountBlocks("visual.transformer.resblocks.")],
                Heads = Heads("visual.conv1.weight", width),
                MlpWidth = Size("visual.transformer.resblocks.0.mlp.c_fc.weight", 2, 0),
            };
        }

        private VisionArchitecture ResNet()
        {
            int width = Size("visual.layer1.0.conv1.weight", 4, 0);
            return new VisionArchitecture
            {
                Kind = VisionKind.ModifiedResNet,
                ImageSize = Checked("visual.attnpool.positional_embedding", 32L * Grid("visual.attnpool.positional_embedding")),
                Width = width,
                Layers = [.. Enumerable.Range(1, 4).Select(stage => CountBlocks($"visual.layer{stage}."))],
                Heads = Heads("visual.layer1.0.conv1.weight", Checked("visual.layer1.0.conv1.weight", 32L * width)),
            };
        }

        private InvalidCheckpointException Error(string name, string problem) => new(checkpoint.Name, name, problem);

        private int Size(string name, int dimensions, int dimension)
        {
            if (!checkpoint.Tensors.TryGetValue(name, out TensorInfo? tensor))
            {
                throw Error(name, "is missing; it is in every CLIP model of openai's naming.");
            }

            if (tensor.Shape.Count != dimensions)
            {
                throw Error(name, $"expected {dimensions} dimension(s), found {Text(tensor.Shape)}.");
            }

            return tensor.Shape[dimension] > 0 ? Checked(name, tensor.Shape[dimension]) : throw Error(name, $"expected no empty dimension, found {Text(tensor.Shape)}.");
        }

        // Far above every published model; far below where sizes of products would overflow.
        private int Checked(string name, long size)
            => size <= 1 << 24 ? (int)size : throw Error(name, $"a size of {size} is beyond every CLIP model.");

        private int Heads(string name, int width)
        {
            int heads = width / HeadWidth;
            return heads > 0 && width % heads == 0
                ? heads
                : throw Error(name, $"a width of {width} gives no whole number of heads of {HeadWidth}.");
        }

        private int Grid(string name)
        {
            int positions = Size(name, 2, 0);
            int grid = (int)Math.Round(Math.Sqrt(positions - 1));
            return grid > 0 && (long)grid * grid == positions - 1
                ? grid
                : throw Error(name, $"expected a square number of positions and one more, found {positions}.");
        }

        private int CountBlocks(string prefix)
        {
            HashSet<string> blocks = new(StringComparer.Ordinal);
            foreach (string name in checkpoint.Tensors.Keys)
            {
                if (name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    int end = name.IndexOf('.', prefix.Length);
                    blocks.Add(end < 0 ? name[prefix.Length..] : name[prefix.Length..end]);
                }
            }

            return blocks.Count > 0 ? blocks.Count : throw Error($"{prefix}0", "is missing: the model has no such blocks.");
        }
    }
}
