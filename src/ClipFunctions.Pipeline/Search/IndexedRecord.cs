using Azure;

namespace ClipFunctions.Pipeline.Search;

/// <summary>A record that has been read.</summary>
/// <param name="ETag">The version that was read.</param>
/// <param name="Entry">What it says; null if it is no record of a known form.</param>
internal sealed record IndexedRecord(ETag ETag, IndexEntry? Entry);
