using Azure;
using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.LocalHost.Showcase;

/// <summary>A picture of the showcase on its way.</summary>
/// <param name="Name">Its path in the uploads container.</param>
/// <param name="ETag">The version that was uploaded.</param>
/// <param name="UploadedAt">When its upload was complete (<see cref="System.Diagnostics.Stopwatch"/> ticks).</param>
internal sealed record UploadedPicture(string Name, ETag ETag, long UploadedAt)
{
    /// <summary>From the end of the upload to the tags.</summary>
    public TimeSpan? Latency { get; set; }

    /// <summary>The tags as they stand in storage.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; set; }

    /// <summary>The result record.</summary>
    public UploadResult? Result { get; set; }
}
