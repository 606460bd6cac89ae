using Azure;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>A record as it stands in storage.</summary>
/// <param name="Result">The record; absent if there is none that can be read.</param>
/// <param name="ETag">The record's own version; absent if there is no blob.</param>
public sealed record StoredResult(UploadResult? Result, ETag? ETag)
{
    /// <summary>No record stands there.</summary>
    public static StoredResult None { get; } = new(null, null);
}
