using System.ComponentModel.DataAnnotations;

namespace ClipFunctions.LocalHost.Evaluations;

/// <summary>How the queues of evaluations are listened to.</summary>
public sealed record EvaluationQueueOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "LocalHost:Evaluations";

    /// <summary>How long a step stays reserved to a host that died. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "7.00:00:00")]
    public TimeSpan Visibility { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Wait before the second try; it doubles with each further one. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);
}
