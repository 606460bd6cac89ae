namespace ClipFunctions.Pipeline.Search;

/// <summary>A part of a search's answers.</summary>
/// <param name="Hits">Best first, equal scores by name.</param>
/// <param name="Pictures">How many pictures were compared with the query.</param>
public sealed record SearchPage(IReadOnlyList<ScoredEntry> Hits, int Pictures);
