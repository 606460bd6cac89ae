namespace ClipFunctions.Clip.Bundles;

/// <summary>A file of a bundle.</summary>
public sealed record BundleFile
{
    /// <summary>Its path inside the bundle's folder, with forward slashes.</summary>
    public required string Name { get; init; }

    /// <summary>Its size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Its SHA-256 in lower-case hex.</summary>
    public required string Sha256 { get; init; }
}
