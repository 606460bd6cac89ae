using System.Text.Json.Serialization;

namespace ClipFunctions.Evaluation;

/// <summary>How a model is measured on a data set.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EvaluationKind>))]
public enum EvaluationKind
{
    /// <summary>A logistic regression on the pictures' vectors, fitted on train and measured on test.</summary>
    [JsonStringEnumMemberName("linear-probe")]
    LinearProbe,

    /// <summary>The label set's vectors against the pictures' ones, measured on test; nothing is fitted.</summary>
    [JsonStringEnumMemberName("zero-shot")]
    ZeroShot,
}
