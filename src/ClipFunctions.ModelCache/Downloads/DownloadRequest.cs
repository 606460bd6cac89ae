namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>A file to fetch.</summary>
public sealed record DownloadRequest
{
    /// <summary>Its address.</summary>
    public required Uri Address { get; init; }

    /// <summary>Its name on disk, without folders.</summary>
    public required string Name { get; init; }

    /// <summary>Its size in bytes, where it is known.</summary>
    public long? Size { get; init; }

    /// <summary>Its SHA-256 in hex, where it is published.</summary>
    public string? Sha256 { get; init; }
}
