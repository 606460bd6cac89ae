namespace ClipFunctions.Clip.Bundles;

/// <summary>The sizes of a vision tower.</summary>
public sealed record VisionArchitecture
{
    /// <summary>PyTorch's own.</summary>
    public const float DefaultNormEpsilon = 1e-5f;

    /// <summary>Transformer or ResNet.</summary>
    public required VisionKind Kind { get; init; }

    /// <summary>Side of the square input in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Side of a patch in pixels; null for a ResNet.</summary>
    public int? PatchSize { get; init; }

    /// <summary>Width of the residual stream (transformer) or of the stem (ResNet, whose features are 32 times as wide).</summary>
    public required int Width { get; init; }

    /// <summary>Blocks: one number for a transformer, one for each of the four stages of a ResNet.</summary>
    public required IReadOnlyList<int> Layers { get; init; }

    /// <summary>Attention heads, of the blocks or of the attention pool.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of the hidden layer of a transformer's MLP; null for a ResNet.</summary>
    public int? MlpWidth { get; init; }

    /// <summary>What gives a transformer's vector; <see cref="VisionPooling.ClassToken"/> by default.</summary>
    public VisionPooling Pooling { get; init; }

    /// <summary>What a transformer's layer norms add to the variance; 1e-5 by default.</summary>
    public float NormEpsilon { get => field is 0 ? DefaultNormEpsilon : field; init; }
}
