namespace ClipFunctions.Clip.Bundles;

/// <summary>What a CLIP model is made of.</summary>
public sealed record ClipArchitecture
{
    /// <summary>Length of the vectors that both towers give.</summary>
    public required int EmbeddingDimension { get; init; }

    /// <summary>The activation of the transformers' MLPs.</summary>
    public required ActivationKind Activation { get; init; }

    /// <summary>The vision tower.</summary>
    public required VisionArchitecture Vision { get; init; }

    /// <summary>The text tower.</summary>
    public required TextArchitecture Text { get; init; }
}
