namespace ClipFunctions.Probe.Reports;

/// <summary>Pictures that could not be read, and were left out.</summary>
public sealed record ReportFaults
{
    /// <summary>No picture was left out.</summary>
    public static ReportFaults None { get; } = new() { Total = 0, Listed = [] };

    /// <summary>How many.</summary>
    public required int Total { get; init; }

    /// <summary>The first of them, at most <see cref="Total"/>.</summary>
    public required IReadOnlyList<ReportFault> Listed { get; init; }
}
