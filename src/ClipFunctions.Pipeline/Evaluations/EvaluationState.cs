using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>How far a run is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EvaluationState>))]
public enum EvaluationState
{
    /// <summary>Its message waits.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    /// <summary>The data set is looked through.</summary>
    [JsonStringEnumMemberName("planning")]
    Planning,

    /// <summary>Pictures become vectors.</summary>
    [JsonStringEnumMemberName("extracting")]
    Extracting,

    /// <summary>The classifier is fitted and measured.</summary>
    [JsonStringEnumMemberName("fitting")]
    Fitting,

    /// <summary>The report is there.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>It cannot be done; the status says why.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Somebody stopped it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,
}
