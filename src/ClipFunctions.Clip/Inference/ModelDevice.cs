namespace ClipFunctions.Clip.Inference;

/// <summary>The device that a model runs on.</summary>
public sealed record ModelDevice
{
    /// <summary><c>cpu</c>, or <c>cuda:n</c> with the GPU's number.</summary>
    public required string Name { get; init; }

    /// <summary>ONNX Runtime's name of the execution provider.</summary>
    public required string Provider { get; init; }

    /// <summary>Why it is the CPU although the device was left to be found (<c>auto</c>); null where nothing better was looked for or it was found.</summary>
    public string? FallbackReason { get; init; }

    /// <summary><see cref="Name"/>.</summary>
    public override string ToString() => Name;
}
