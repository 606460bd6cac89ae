using System.Text.Json.Serialization;
using ClipFunctions.Probe.Reports;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>A run's state, <c>{runId}/status.json</c>.</summary>
public sealed record EvaluationStatus
{
    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>How far it is.</summary>
    public required EvaluationState State { get; init; }

    /// <summary>What it was asked to do; absent if the message could not be read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EvaluationRequest? Request { get; init; }

    /// <summary>Why it failed, or what failed last and is tried again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EvaluationFailure? Failure { get; init; }

    /// <summary>Pictures that it needs; absent until it is planned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Pictures { get; init; }

    /// <summary>Shards that it needs; absent until it is planned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Shards { get; init; }

    /// <summary>Shards whose vectors are there; told while they are made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ShardsDone { get; init; }

    /// <summary>What the last step says of itself, such as the fit's progress.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Progress { get; init; }

    /// <summary>Share of test pictures whose best class is right, 0–1; absent until it is done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Top1 { get; init; }

    /// <summary>How long its steps took; absent until it is done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReportTimings? Timings { get; init; }

    /// <summary>When it was asked for, UTC.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When this was written, UTC.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>Whether nothing will change any more.</summary>
    [JsonIgnore]
    public bool IsOver => State is EvaluationState.Done or EvaluationState.Failed or EvaluationState.Cancelled;
}
