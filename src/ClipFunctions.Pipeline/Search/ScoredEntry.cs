namespace ClipFunctions.Pipeline.Search;

/// <summary>One answer to a search.</summary>
/// <param name="Entry">The upload.</param>
/// <param name="Score">Cosine of its vector and the query, −1 to 1.</param>
public sealed record ScoredEntry(IndexEntry Entry, float Score);
