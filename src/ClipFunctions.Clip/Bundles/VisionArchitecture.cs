namespace ClipFunctions.Clip.Bundles;

/// <summary>The sizes of a vision tower.</summary>
public sealed record VisionArchitecture
{
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
}
