using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints.Configuration;

/// <summary>What the files beside a checkpoint say of the model; null where they say nothing. What the tensors tell as well is checked against them.</summary>
internal sealed record ModelConfiguration
{
    /// <summary>No file said anything.</summary>
    public static ModelConfiguration None { get; } = new();

    /// <summary>The file's name, for errors.</summary>
    public string? Origin { get; init; }

    public ActivationKind? VisionActivation { get; init; }

    public ActivationKind? TextActivation { get; init; }

    public int? VisionHeads { get; init; }

    public int? VisionHeadWidth { get; init; }

    public int? TextHeads { get; init; }

    public float? VisionEpsilon { get; init; }

    public float? TextEpsilon { get; init; }

    public TextPooling? Pooling { get; init; }

    public int? EndTokenId { get; init; }

    public bool? Causal { get; init; }

    public ScoringKind? Scoring { get; init; }

    public int? EmbeddingDimension { get; init; }

    public int? ImageSize { get; init; }

    public int? PatchSize { get; init; }

    public int? VisionWidth { get; init; }

    public IReadOnlyList<int>? VisionLayers { get; init; }

    public int? ContextLength { get; init; }

    public int? VocabularySize { get; init; }

    public int? TextWidth { get; init; }

    public int? TextLayers { get; init; }

    public IReadOnlyList<float>? Mean { get; init; }

    public IReadOnlyList<float>? Std { get; init; }

    public string? ResizeMode { get; init; }

    public int? FillColor { get; init; }

    public string? Interpolation { get; init; }

    /// <summary>What happens to a text before a SentencePiece vocabulary sees it.</summary>
    public TextCleaning? Cleaning { get; init; }

    /// <summary>What happens to a picture; where nothing is said, OpenAI's defaults for CLIP and big_vision's for SigLIP.</summary>
    public PreprocessingSpec Preprocessing(int size, ScoringKind scoring)
    {
        bool sigmoid = scoring == ScoringKind.Sigmoid;
        return new PreprocessingSpec
        {
            Size = size,
            Mean = Mean ?? (sigmoid ? [0.5f, 0.5f, 0.5f] : PreprocessingSpec.OpenAiMean),
            Std = Std ?? (sigmoid ? [0.5f, 0.5f, 0.5f] : PreprocessingSpec.OpenAiStd),
            ResizeMode = ResizeMode ?? (sigmoid ? "squash" : "shortest"),
            FillColor = FillColor ?? 0,
            Interpolation = Interpolation ?? "bicubic",
        };
    }
}
