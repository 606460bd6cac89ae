namespace ClipFunctions.ModelCaching.Catalog;

/// <summary>One place that a model can be had from: its files, which end up side by side in one folder.</summary>
public sealed record CatalogSource
{
    /// <summary>A repository of the hub, <c>owner/name</c>: files without a URL of their own come from it; null where each has one.</summary>
    public string? Repository { get; init; }

    /// <summary>The repository's pinned commit, 40 hex digits; a branch or tag where no commit is known (<c>main</c> by default).</summary>
    public string Revision { get => field ?? "main"; init; }

    /// <summary>The files: the checkpoint (or the index of its shards and these) first, then configuration and vocabulary.</summary>
    public required IReadOnlyList<CatalogFile> Files { get; init; }
}
