using System.ComponentModel.DataAnnotations;

namespace ClipFunctions.Pipeline.Search;

/// <summary>The index of the tagged uploads that searches are answered from.</summary>
public sealed record SearchOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Clip:Search";

    /// <summary>
    /// The most records that the index holds; of more, those written last. Each takes about 1 KB and four bytes for each
    /// dimension of its vector. Default 200,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxPictures { get; init; } = 200_000;

    /// <summary>How many records are read at a time. Default 16.</summary>
    [Range(1, 256)]
    public int Parallelism { get; init; } = 16;

    /// <summary>The least time from one look at the records to the next; ten times what the last listing took, if that is longer. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan MinRefreshInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a request waits for the index to be built for the first time. Default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan FirstBuildPatience { get; init; } = TimeSpan.FromSeconds(20);
}
