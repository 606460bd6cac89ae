using ClipFunctions.Clip.Inference;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Evaluation;

/// <summary>All that a report is made of.</summary>
public sealed record EvaluationInput
{
    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>What is done.</summary>
    public required EvaluationKind Kind { get; init; }

    /// <summary>The data set.</summary>
    public required DatasetPlan Plan { get; init; }

    /// <summary>Its files, for the examples.</summary>
    public required IDatasetFiles Files { get; init; }

    /// <summary>Its pictures' vectors.</summary>
    public required FeatureSet Features { get; init; }

    /// <summary>The model that they are from.</summary>
    public required ClipModel Model { get; init; }

    /// <summary>Linear probe: C; null to search for it.</summary>
    public double? C { get; init; }

    /// <summary>Zero-shot: the labels.</summary>
    public ClassLabels? Labels { get; init; }

    /// <summary>Draws the bootstrap's samples. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Hits and misses that are shown, each. Default 12.</summary>
    public int Examples { get; init; } = 12;

    /// <summary>Bad pictures that are listed. Default 100.</summary>
    public int MaxListedFaults { get; init; } = 100;

    /// <summary>The command line that repeats the evaluation.</summary>
    public required string Command { get; init; }

    /// <summary>The queue message that repeats it; empty for none.</summary>
    public required string Message { get; init; }

    /// <summary>How long the plan took; null if it was not measured.</summary>
    public TimeSpan? Planning { get; init; }

    /// <summary>From the first to the last picture's vector; null if it was not measured, or all vectors were there already.</summary>
    public TimeSpan? Extracting { get; init; }

    /// <summary>The time of all shards together, where several hosts made them side by side; null where one did.</summary>
    public TimeSpan? ExtractingWork { get; init; }

    /// <summary>Pictures that were gone through in <see cref="Extracting"/>; null for the usable ones of all features.</summary>
    public int? Extracted { get; init; }

    /// <summary>When the run began.</summary>
    public required DateTimeOffset Started { get; init; }
}
