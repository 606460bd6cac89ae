namespace ClipFunctions.ModelCaching.Catalog;

/// <summary>A file of a published model.</summary>
public sealed record CatalogFile
{
    /// <summary>Its path in the repository, and (its last part) its name on disk.</summary>
    public required string Name { get; init; }

    /// <summary>Its own address; null if it lies in the source's repository.</summary>
    public string? Url { get; init; }

    /// <summary>Its size in bytes, where it is known.</summary>
    public long? Size { get; init; }

    /// <summary>Its SHA-256 in lower-case hex, where it is published.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Whether the model does without it where the source has none; false by default.</summary>
    public bool Optional { get; init; }
}
