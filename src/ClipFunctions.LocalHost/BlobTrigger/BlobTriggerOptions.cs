using System.ComponentModel.DataAnnotations;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Poison;

namespace ClipFunctions.LocalHost.BlobTrigger;

/// <summary>How the local host watches the uploads container.</summary>
public sealed record BlobTriggerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "LocalHost:BlobTrigger";

    /// <summary>The function whose part this host plays.</summary>
    public const string FunctionName = FunctionNames.TagUploadOnScan;

    /// <summary>The Functions' poison queue for blobs.</summary>
    public const string PoisonQueue = PoisonQueues.BlobTriggerPoison;

    /// <summary>
    /// Stands in the names of receipts and queue, so that hosts of one id share the work. Lower-case letters, digits and
    /// single hyphens, at most 32 (the Functions' rule). Default <c>clipfunctions-local</c>.
    /// </summary>
    [RegularExpression("^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,31}$")]
    public string HostId { get; init; } = "clipfunctions-local";

    /// <summary>The pause between two scans; longer of itself where a scan takes long. Default 0.25 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan ScanInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a picture stays reserved to a host that has died. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Visibility { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The wait before the second try; it doubles with each further one. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The queue between scan and handler.</summary>
    public string QueueName => PoisonQueues.BlobTriggerPrefix + HostId;
}
