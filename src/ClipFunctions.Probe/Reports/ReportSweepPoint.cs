namespace ClipFunctions.Probe.Reports;

/// <summary>A C that was tried.</summary>
public sealed record ReportSweepPoint
{
    /// <summary>The C, above 0.</summary>
    public required double C { get; init; }

    /// <summary>Top-1 accuracy on the validation split, 0–1.</summary>
    public required double Accuracy { get; init; }
}
