using ClipFunctions.Clip.Bundles;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Evaluation;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>What was planned for a run, <c>{runId}/run.json</c>: written once, and what all its steps go by.</summary>
public sealed record EvaluationRun
{
    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>What it was asked to do.</summary>
    public required EvaluationRequest Request { get; init; }

    /// <summary>The plan's id (<see cref="DatasetPlan.Id"/>).</summary>
    public required string DatasetId { get; init; }

    /// <summary>The model in the form that leases it again.</summary>
    public required string Model { get; init; }

    /// <summary>The model's id.</summary>
    public required string ModelId { get; init; }

    /// <summary>Its fingerprint: whoever leases another one must not go on.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Its arithmetic.</summary>
    public required ModelPrecision Precision { get; init; }

    /// <summary>The vectors' length.</summary>
    public required int Dimension { get; init; }

    /// <summary>Zero-shot: the label set that was made of the request.</summary>
    public ClassLabels? Labels { get; init; }

    /// <summary>The shards that the run needs.</summary>
    public required IReadOnlyList<DatasetShard> Shards { get; init; }

    /// <summary>The folder of the vectors: the same for all runs on this data set with this model.</summary>
    public required string Features { get; init; }

    /// <summary>When it was planned, UTC.</summary>
    public required DateTimeOffset Planned { get; init; }

    /// <summary>How long the data set was looked through and divided, in seconds, without loading the model; null if that was not written down.</summary>
    public double? PlanSeconds { get; init; }
}
