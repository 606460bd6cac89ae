using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching.Catalog;

namespace ClipFunctions.ModelCaching;

/// <summary>A model that a source holds.</summary>
public sealed record ModelListing
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The source's name.</summary>
    public required string Source { get; init; }

    /// <summary>Its arithmetic; null where it is not told before the model is opened, or not made yet.</summary>
    public ModelPrecision? Precision { get; init; }

    /// <summary>Its fingerprint; null likewise.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The vectors' length; null likewise.</summary>
    public int? EmbeddingDimension { get; init; }

    /// <summary>Tokens of a text; null likewise.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Side of the square picture in pixels; null likewise.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Whether it must be fetched from the hub and converted first.</summary>
    public bool MustBeFetched { get; init; }

    /// <summary>What a bundle says of itself.</summary>
    /// <param name="manifest">The bundle's <c>clip.json</c>.</param>
    /// <param name="source">The source's name.</param>
    public static ModelListing Of(BundleManifest manifest, string source)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return new ModelListing
        {
            Id = manifest.Id,
            Source = source,
            Precision = manifest.Precision,
            Fingerprint = manifest.Fingerprint,
            EmbeddingDimension = manifest.Architecture.EmbeddingDimension,
            ContextLength = manifest.Tokenizer.ContextLength,
            ImageSize = manifest.Preprocessing.Size,
        };
    }

    /// <summary>What the catalogue says of a model.</summary>
    /// <param name="entry">Its entry.</param>
    /// <param name="source">The source's name.</param>
    public static ModelListing Of(CatalogEntry entry, string source)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return new ModelListing
        {
            Id = entry.Id,
            Source = source,
            EmbeddingDimension = entry.EmbeddingDimension,
            ContextLength = entry.ContextLength,
            ImageSize = entry.ImageSize,
            MustBeFetched = true,
        };
    }
}
