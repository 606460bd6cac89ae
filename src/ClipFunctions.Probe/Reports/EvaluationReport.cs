using System.Text.Json.Serialization;

namespace ClipFunctions.Probe.Reports;

/// <summary>What an evaluation found, and all that is needed to judge and to repeat it. <see cref="EvaluationReportJson"/> stores it, <see cref="ReportHtml"/> shows it.</summary>
public sealed record EvaluationReport
{
    /// <summary>The only <see cref="Schema"/> that this version writes and reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>The form of the stored report.</summary>
    public int Schema { get; init; } = CurrentSchema;

    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>What was measured.</summary>
    public required ReportKind Kind { get; init; }

    /// <summary>When the report was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The command line that repeats the evaluation.</summary>
    public required string Command { get; init; }

    /// <summary>The queue message that repeats the evaluation; empty if no queue was asked.</summary>
    public required string Message { get; init; }

    /// <summary>The data set.</summary>
    public required ReportDataset Dataset { get; init; }

    /// <summary>The model.</summary>
    public required ReportModel Model { get; init; }

    /// <summary>The label set of a zero-shot run, else null.</summary>
    public ReportLabels? Labels { get; init; }

    /// <summary>The numbers over the whole test split.</summary>
    public required ReportResult Result { get; init; }

    /// <summary>How far the probabilities can be trusted.</summary>
    public required ReportCalibration Calibration { get; init; }

    /// <summary>Test pictures by class, <c>[k][k]</c>: rows are the actual class, columns the predicted one, both in the order of <see cref="ReportDataset.Classes"/>.</summary>
    [JsonConverter(typeof(CountRowsConverter))]
    public required IReadOnlyList<IReadOnlyList<int>> Confusion { get; init; }

    /// <summary>The numbers of each class, <c>[k]</c>, in the order of <see cref="ReportDataset.Classes"/>.</summary>
    public required IReadOnlyList<ReportClass> Classes { get; init; }

    /// <summary>The pairs of classes that are mistaken most often, the worst first.</summary>
    public required IReadOnlyList<ReportConfusion> WorstConfusions { get; init; }

    /// <summary>The fit of a linear probe, else null.</summary>
    public ReportProbe? Probe { get; init; }

    /// <summary>A few test pictures.</summary>
    public required ReportExamples Examples { get; init; }

    /// <summary>How long it took.</summary>
    public required ReportTimings Timings { get; init; }
}
