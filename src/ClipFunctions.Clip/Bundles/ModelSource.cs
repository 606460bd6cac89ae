namespace ClipFunctions.Clip.Bundles;

/// <summary>Where a bundle's weights come from.</summary>
public sealed record ModelSource
{
    /// <summary>The checkpoint's address, or the name of the local file it was.</summary>
    public required string Url { get; init; }

    /// <summary>The pinned revision, where the source has revisions.</summary>
    public string? Revision { get; init; }

    /// <summary>The checkpoint's SHA-256 in lower-case hex.</summary>
    public string? Sha256 { get; init; }
}
