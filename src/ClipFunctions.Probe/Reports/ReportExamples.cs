namespace ClipFunctions.Probe.Reports;

/// <summary>A few test pictures.</summary>
public sealed record ReportExamples
{
    /// <summary>No pictures.</summary>
    public static ReportExamples None { get; } = new() { Hits = [], Misses = [] };

    /// <summary>Pictures whose class was found.</summary>
    public required IReadOnlyList<ReportExample> Hits { get; init; }

    /// <summary>Pictures that were taken for something else.</summary>
    public required IReadOnlyList<ReportExample> Misses { get; init; }
}
