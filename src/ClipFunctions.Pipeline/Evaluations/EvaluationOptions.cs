using System.ComponentModel.DataAnnotations;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>How runs are cut up and computed.</summary>
public sealed record EvaluationOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Clip:Evaluations";

    /// <summary>The least pictures of a shard, as far as the data set's archives allow. Default 1024.</summary>
    [Range(1, 1_000_000)]
    public int MinShardPictures { get; init; } = 1024;

    /// <summary>The most pictures of a shard. Default 4096.</summary>
    [Range(1, 1_000_000)]
    public int MaxShardPictures { get; init; } = 4096;

    /// <summary>
    /// Pictures that are encoded at once. Default 32. The last bits of vectors depend on it, so it is part of where they are kept: runs find
    /// the vectors of others only under the same number.
    /// </summary>
    [Range(1, 4096)]
    public int BatchSize { get; init; } = 32;

    /// <summary>The most bytes of a picture. Default 33,554,432 (32 MiB).</summary>
    [Range(1, int.MaxValue)]
    public int MaxPictureBytes { get; init; } = 32 << 20;

    /// <summary>Bad pictures that a report lists; all are counted. Default 100.</summary>
    [Range(0, 100_000)]
    public int MaxListedFaults { get; init; } = 100;

    /// <summary>Hits and misses that a report shows, each. Default 12.</summary>
    [Range(0, 200)]
    public int Examples { get; init; } = 12;
}
