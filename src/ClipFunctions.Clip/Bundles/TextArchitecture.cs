namespace ClipFunctions.Clip.Bundles;

/// <summary>The sizes of a text tower.</summary>
public sealed record TextArchitecture
{
    /// <summary>Positions that the model knows, start and end token included.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Rows of the token table.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads of a block.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of the MLP's hidden layer.</summary>
    public required int MlpWidth { get; init; }

    /// <summary>Whether a position sees only those before it and itself. CLIP: yes.</summary>
    public required bool Causal { get; init; }

    /// <summary>Which position gives the text's vector.</summary>
    public required TextPooling Pooling { get; init; }

    /// <summary>The id that <see cref="TextPooling.FirstEndToken"/> looks for; null for the other rules.</summary>
    public int? EndTokenId { get; init; }

    /// <summary>The activation where it is not the vision tower's; null where it is.</summary>
    public ActivationKind? Activation { get; init; }

    /// <summary>What the layer norms add to the variance; 1e-5 by default.</summary>
    public float NormEpsilon { get => field is 0 ? VisionArchitecture.DefaultNormEpsilon : field; init; }
}
