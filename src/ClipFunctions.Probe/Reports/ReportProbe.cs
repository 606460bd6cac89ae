namespace ClipFunctions.Probe.Reports;

/// <summary>The fit of a linear probe: <c>C·Σ logloss + ½‖W‖²</c>.</summary>
public sealed record ReportProbe
{
    /// <summary>The C of the final fit.</summary>
    public required double C { get; init; }

    /// <summary>The C's that were tried, ascending; empty if C was given.</summary>
    public required IReadOnlyList<ReportSweepPoint> Sweep { get; init; }

    /// <summary>Pictures of the final fit: train, and validation if C was searched.</summary>
    public required int TrainCount { get; init; }

    /// <summary>The objective that was reached.</summary>
    public required double Objective { get; init; }

    /// <summary>The length of the gradient there.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>A bound on the distance from the optimum, as a share of the objective.</summary>
    public required double RelativeGap { get; init; }

    /// <summary>Iterations of the final fit.</summary>
    public required int Iterations { get; init; }

    /// <summary>Evaluations of the objective in the final fit.</summary>
    public required int Evaluations { get; init; }
}
