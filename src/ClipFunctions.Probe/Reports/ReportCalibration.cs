namespace ClipFunctions.Probe.Reports;

/// <summary>Confidence against accuracy.</summary>
public sealed record ReportCalibration
{
    /// <summary>Bins of the top probability, ascending; empty bins too.</summary>
    public required IReadOnlyList<ReportBin> Bins { get; init; }
}
