namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A model.</summary>
internal sealed record ModelReply
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary><c>fp32</c>, <c>fp16</c> or <c>int8</c>; null where it is not made yet.</summary>
    public string? Precision { get; init; }

    /// <summary>The bundle's fingerprint; null where it is not here.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The device that it runs on; null while it is not loaded.</summary>
    public string? Device { get; init; }

    /// <summary>Whether it is in memory.</summary>
    public bool Loaded { get; init; }

    /// <summary>The vectors' length; null where it is not known before the model is loaded.</summary>
    public int? Dimension { get; init; }

    /// <summary>Tokens of a text.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Side of the square picture in pixels.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Where it was found: <c>embedded</c>, <c>cache</c>, <c>storage</c> or <c>hub</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Whether a request may name it.</summary>
    public bool Available { get; init; }
}
