using ClipFunctions.Checkpoints.Configuration;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Checkpoints.Layouts;

/// <summary>
/// Infers a model's sizes from its tensors' shapes by the rules of openai/CLIP's <c>build_model</c>; heads, activation and pooling, which
/// no shape tells, come from the configuration, else from what the published models have.
/// </summary>
internal sealed class ArchitectureReader(CanonicalCheckpoint checkpoint, ModelConfiguration configuration)
{
    private const int DefaultHeadWidth = 64;

    // Widths whose published towers have other heads: SO400M, H, g, bigG.
    private static readonly Dictionary<int, int> KnownHeadWidths = new() { [1152] = 72, [1280] = 80, [1408] = 88, [1664] = 104 };

    public ClipArchitecture Read(ActivationKind activation)
    {
        bool transformer = checkpoint.Tensors.ContainsKey("visual.proj") || checkpoint.Tensors.ContainsKey("visual.attn_pool.probe");
        VisionArchitecture vision = transformer ? Transformer() : ResNet();
        ActivationKind visionActivation = configuration.VisionActivation ?? activation;
        ActivationKind textActivation = configuration.TextActivation ?? activation;

        int width = Size("ln_final.weight", 1, 0);
        int vocabulary = Agreed("vocabulary size", Size("token_embedding.weight", 2, 0), configuration.VocabularySize);

        // The first end token is where the row's largest id stands, if no id is larger. The rules differ only in rows without an end token.
        TextPooling pooling = configuration.Pooling is { } stated && !(stated == TextPooling.FirstEndToken && configuration.EndTokenId == vocabulary - 1) ? stated : TextPooling.ArgMax;
        TextArchitecture text = new()
        {
            ContextLength = Agreed("context length", Size("positional_embedding", 2, 0), configuration.ContextLength),
            VocabularySize = vocabulary,
            Width = Agreed("text width", width, configuration.TextWidth),
            Layers = Agreed("text layers", CountBlocks("transformer.resblocks."), configuration.TextLayers),
            Heads = configuration.TextHeads is { } heads ? Heads("ln_final.weight", width, heads) : HeadsOf("ln_final.weight", width, DefaultHeadWidth),
            MlpWidth = Size("transformer.resblocks.0.mlp.c_fc.weight", 2, 0),
            Causal = configuration.Causal ?? true,
            Pooling = pooling,
            EndTokenId = pooling == TextPooling.FirstEndToken ? configuration.EndTokenId : null,
            Activation = textActivation == visionActivation || !transformer ? null : textActivation,
            NormEpsilon = configuration.TextEpsilon ?? VisionArchitecture.DefaultNormEpsilon,
        };
        return new ClipArchitecture
        {
            EmbeddingDimension = Agreed("embedding dimension", Size("text_projection", 2, 1), configuration.EmbeddingDimension),

            // A ResNet has no activation but ReLU.
            Activation = transformer ? visionActivation : textActivation,
            Vision = vision,
            Text = text,
        };
    }

    private VisionArchitecture Transformer()
    {
        int width = Size("visual.conv1.weight", 4, 0);
        int patch = Size("visual.conv1.weight", 4, 3);
        bool map = checkpoint.Tensors.ContainsKey("visual.attn_pool.probe");
        int layers = CountBlocks("visual.transformer.resblocks.");
        AgreeOnLayers([layers]);
        return new VisionArchitecture
        {
            Kind = VisionKind.VisionTransformer,
            ImageSize = Agreed("image size", Checked("visual.positional_embedding", (long)patch * Grid("visual.positional_embedding", map ? 0 : 1)), configuration.ImageSize),
            PatchSize = Agreed("patch size", patch, configuration.PatchSize),
            Width = Agreed("vision width", width, configuration.VisionWidth),
            Layers = [layers],
            Heads = configuration.VisionHeads is { } heads
                ? Heads("visual.conv1.weight", width, heads)
                : HeadsOf("visual.conv1.weight", width, configuration.VisionHeadWidth ?? KnownHeadWidths.GetValueOrDefault(width, DefaultHeadWidth)),
            MlpWidth = Size("visual.transformer.resblocks.0.mlp.c_fc.weight", 2, 0),
            Pooling = map ? VisionPooling.AttentionMap : VisionPooling.ClassToken,
            NormEpsilon = configuration.VisionEpsilon ?? VisionArchitecture.DefaultNormEpsilon,
        };
    }

    private VisionArchitecture ResNet()
    {
        int width = Size("visual.layer1.0.conv1.weight", 4, 0);
        int[] layers = [.. Enumerable.Range(1, 4).Select(stage => CountBlocks($"visual.layer{stage}."))];
        AgreeOnLayers(layers);
        return new VisionArchitecture
        {
            Kind = VisionKind.ModifiedResNet,
            ImageSize = Agreed("image size", Checked("visual.attnpool.positional_embedding", 32L * Grid("visual.attnpool.positional_embedding", 1)), configuration.ImageSize),
            Width = Agreed("vision width", width, configuration.VisionWidth),
            Layers = layers,
            Heads = HeadsOf("visual.layer1.0.conv1.weight", Checked("visual.layer1.0.conv1.weight", 32L * width), configuration.VisionHeadWidth ?? DefaultHeadWidth),
        };
    }

    private InvalidCheckpointException Error(string name, string problem) => new(checkpoint.Name, checkpoint.SourceName(name), problem);

    private int Agreed(string what, int actual, int? stated)
        => stated is null || stated == actual
            ? actual
            : throw new InvalidCheckpointException(checkpoint.Name, what, $"the tensors give {actual}, {configuration.Origin} says {stated}.");

    private void AgreeOnLayers(int[] actual)
    {
        if (configuration.VisionLayers is { } stated && !stated.SequenceEqual(actual))
        {
            throw new InvalidCheckpointException(checkpoint.Name, "vision layers", $"the tensors give {string.Join("-", actual)}, {configuration.Origin} says {string.Join("-", stated)}.");
        }
    }

    private int Size(string name, int dimensions, int dimension)
    {
        if (!checkpoint.Tensors.TryGetValue(name, out TensorInfo? tensor))
        {
            throw Error(name, "is missing; it is in every CLIP model of this naming.");
        }

        if (tensor.Shape.Count != dimensions)
        {
            throw Error(name, $"expected {dimensions} dimension(s), found {CanonicalCheckpoint.Text(tensor.Shape)}.");
        }

        return tensor.Shape[dimension] > 0 ? Checked(name, tensor.Shape[dimension]) : throw Error(name, $"expected no empty dimension, found {CanonicalCheckpoint.Text(tensor.Shape)}.");
    }

    // Far above every published model; far below where sizes of products would overflow.
    private int Checked(string name, long size)
        => size <= 1 << 24 ? (int)size : throw Error(name, $"a size of {size} is beyond every CLIP model.");

    private int HeadsOf(string name, int width, int headWidth)
    {
        int heads = headWidth > 0 ? width / headWidth : 0;
        return heads > 0 && width % heads == 0
            ? heads
            : throw Error(name, $"a width of {width} gives no whole number of heads of {headWidth}.");
    }

    private int Heads(string name, int width, int heads)
        => heads > 0 && width % heads == 0 ? heads : throw Error(name, $"a width of {width} does not divide into the {heads} heads of {configuration.Origin}.");

    private int Grid(string name, int more)
    {
        int positions = Size(name, 2, 0);
        int grid = (int)Math.Round(Math.Sqrt(positions - more));
        return grid > 0 && (long)grid * grid == positions - more
            ? grid
            : throw Error(name, $"expected a square number of positions{(more > 0 ? " and one more" : "")}, found {positions}.");
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
