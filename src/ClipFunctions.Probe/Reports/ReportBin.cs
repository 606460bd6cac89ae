namespace ClipFunctions.Probe.Reports;

/// <summary>The test pictures whose top probability lies in a range. Shares are 0–1; an empty bin has 0 for confidence and accuracy.</summary>
public sealed record ReportBin
{
    /// <summary>The lower end of the range.</summary>
    public required double Low { get; init; }

    /// <summary>The upper end of the range.</summary>
    public required double High { get; init; }

    /// <summary>How many pictures.</summary>
    public required int Count { get; init; }

    /// <summary>The mean of their top probabilities.</summary>
    public required double Confidence { get; init; }

    /// <summary>The share of them that are right.</summary>
    public required double Accuracy { get; init; }
}
