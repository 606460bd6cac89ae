using System.Text.Json.Serialization;

namespace ClipFunctions.Probe.Reports;

/// <summary>What an evaluation measured.</summary>
public enum ReportKind
{
    /// <summary>A logistic regression on the pictures' vectors, fitted on the train split.</summary>
    [JsonStringEnumMemberName("linear-probe")]
    LinearProbe,

    /// <summary>The nearest of the labels' text vectors; nothing is fitted.</summary>
    [JsonStringEnumMemberName("zero-shot")]
    ZeroShot,
}
