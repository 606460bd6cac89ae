using Azure;

namespace ClipFunctions.Pipeline.Search;

/// <summary>A record as a listing tells of it.</summary>
/// <param name="Name">The record's own path.</param>
/// <param name="ETag">Its version.</param>
/// <param name="LastModified">When that was written.</param>
/// <param name="Size">Bytes.</param>
internal readonly record struct ListedRecord(string Name, ETag ETag, DateTimeOffset LastModified, long Size);
