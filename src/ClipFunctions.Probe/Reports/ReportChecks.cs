using System.Globalization;
using System.Runtime.CompilerServices;

namespace ClipFunctions.Probe.Reports;

/// <summary>Whether a report's parts fit together and its numbers lie in their ranges.</summary>
internal static class ReportChecks
{
    public static void ThrowIfWrong(EvaluationReport report, [CallerArgumentExpression(nameof(report))] string name = "")
    {
        if (Problem(report) is { } problem)
        {
            throw new ArgumentException($"The report is wrong: {problem}.", name);
        }
    }

    public static string? Problem(EvaluationReport report) =>
        (report.Schema != EvaluationReport.CurrentSchema ? Invariant($"schema is {report.Schema}, expected {EvaluationReport.CurrentSchema}") : null)
        ?? (Enum.IsDefined(report.Kind) ? null : Invariant($"kind {(int)report.Kind} is unknown"))
        ?? Holes(report)
        ?? Shapes(report)
        ?? Counts(report)
        ?? Shares(report)
        ?? Amounts(report);

    // The JSON reader refuses null for a member, but not inside a list.
    private static string? Holes(EvaluationReport report)
    {
        IEnumerable<(string Name, IEnumerable<object?> List)> lists =
        [
            ("dataset.classes", report.Dataset.Classes),
            ("dataset.faults.listed", report.Dataset.Faults.Listed),
            ("labels.labels", report.Labels?.Labels ?? []),
            ("labels.templates", report.Labels?.Templates ?? []),
            ("calibration.bins", report.Calibration.Bins),
            ("confusion", report.Confusion),
            ("classes", report.Classes),
            ("worstConfusions", report.WorstConfusions),
            ("probe.sweep", report.Probe?.Sweep ?? []),
            ("examples.hits", report.Examples.Hits),
            ("examples.misses", report.Examples.Misses),
        ];
        return lists.Where(list => list.List.Contains(null)).Select(list => $"{list.Name} holds null").FirstOrDefault();
    }

    private static string? Shapes(EvaluationReport report)
    {
        int classes = report.Dataset.Classes.Count;
        if (classes == 0)
        {
            return "dataset.classes is empty";
        }

        if (report.Classes.Count != classes)
        {
            return Invariant($"classes has {report.Classes.Count} entries for {classes} classes");
        }

        if (report.Confusion.Count != classes || report.Confusion.Any(row => row.Count != classes))
        {
            return Invariant($"confusion is not {classes} × {classes}");
        }

        if (report.Labels is { } labels && labels.Labels.Count != classes)
        {
            return Invariant($"labels has {labels.Labels.Count} entries for {classes} classes");
        }

        return report.Dataset.Faults.Listed.Count > report.Dataset.Faults.Total ? "faults.total is less than the faults that are listed" : null;
    }

    private static string? Counts(EvaluationReport report)
    {
        IEnumerable<(string Name, int Value)> single =
        [
            ("dataset.trainCount", report.Dataset.TrainCount),
            ("dataset.validationCount", report.Dataset.ValidationCount),
            ("dataset.testCount", report.Dataset.TestCount),
            ("dataset.faults.total", report.Dataset.Faults.Total),
            ("model.dimension", report.Model.Dimension),
            ("result.count", report.Result.Count),
            ("probe.trainCount", report.Probe?.TrainCount ?? 0),
            ("probe.iterations", report.Probe?.Iterations ?? 0),
            ("probe.evaluations", report.Probe?.Evaluations ?? 0),
        ];
        IEnumerable<(string Name, int Value)> counts = single
            .Concat(report.Confusion.SelectMany(row => row).Select(count => ("confusion", count)))
            .Concat(report.Calibration.Bins.Select(bin => ("calibration.bins.count", bin.Count)))
            .Concat(report.Classes.Select(one => ("classes.count", one.Count)))
            .Concat(report.WorstConfusions.Select(pair => ("worstConfusions.count", pair.Count)));
        foreach ((string name, int value) in counts)
        {
            if (value < 0)
            {
                return Invariant($"{name} is {value}");
            }
        }

        return null;
    }

    private static string? Shares(EvaluationReport report)
    {
        ReportResult result = report.Result;
        IEnumerable<(string Name, double Value)> single =
        [
            ("result.top1", result.Top1),
            ("result.top1Low", result.Top1Low),
            ("result.top1High", result.Top1High),
            ("result.confidence", result.Confidence),
            ("result.top5", result.Top5 ?? 0),
            ("result.meanPerClass", result.MeanPerClass),
            ("result.calibrationError", result.CalibrationError),
        ];
        IEnumerable<(string Name, double Value)> shares = single
            .Concat(report.Calibration.Bins.SelectMany(bin => new[] { bin.Low, bin.High, bin.Confidence, bin.Accuracy }).Select(share => ("calibration.bins", share)))
            .Concat(report.Classes.SelectMany(one => new[] { one.Precision, one.Recall, one.F1 }).Select(share => ("classes", share)))
            .Concat(report.WorstConfusions.Select(pair => ("worstConfusions.share", pair.Share)))
            .Concat((report.Probe?.Sweep ?? []).Select(point => ("probe.sweep.accuracy", point.Accuracy)))
            .Concat(report.Examples.Hits.Concat(report.Examples.Misses).Select(example => ("examples.probability", example.Probability)));
        foreach ((string name, double value) in shares)
        {
            if (!(value is >= 0 and <= 1))
            {
                return Invariant($"{name} is {value}, expected 0 to 1");
            }
        }

        return null;
    }

    private static string? Amounts(EvaluationReport report)
    {
        IEnumerable<(string Name, double Value)> amounts =
        [
            ("timings.planSeconds", report.Timings.PlanSeconds ?? 0),
            ("timings.extractSeconds", report.Timings.ExtractSeconds ?? 0),
            ("timings.extractWorkSeconds", report.Timings.ExtractWorkSeconds ?? 0),
            ("timings.fitSeconds", report.Timings.FitSeconds),
            ("timings.totalSeconds", report.Timings.TotalSeconds),
            ("timings.picturesPerSecond", report.Timings.PicturesPerSecond ?? 0),
        ];
        if (report.Probe is { } probe)
        {
            amounts = amounts
                .Concat([("probe.objective", probe.Objective), ("probe.gradientNorm", probe.GradientNorm), ("probe.relativeGap", probe.RelativeGap)])
                .Concat(probe.Sweep.Select(point => point.C).Prepend(probe.C).Select(c => ("C", c > 0 ? c : double.NaN)));
        }

        foreach ((string name, double value) in amounts)
        {
            if (!(value >= 0 && double.IsFinite(value)))
            {
                return Invariant($"{name} is not a number in its range");
            }
        }

        return null;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
