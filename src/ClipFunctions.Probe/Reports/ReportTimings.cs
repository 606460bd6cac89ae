namespace ClipFunctions.Probe.Reports;

/// <summary>How long an evaluation took, in seconds.</summary>
public sealed record ReportTimings
{
    /// <summary>Listing the data set and dividing it; null if it was not measured.</summary>
    public double? PlanSeconds { get; init; }

    /// <summary>From the first to the last picture's vector; null if all vectors were there already.</summary>
    public double? ExtractSeconds { get; init; }

    /// <summary>The times of all shards together, which exceeds <see cref="ExtractSeconds"/> where hosts worked side by side; null where the vectors were made in one piece.</summary>
    public double? ExtractWorkSeconds { get; init; }

    /// <summary>The sweep, the fit and the numbers; in a zero-shot run the scores and the numbers.</summary>
    public required double FitSeconds { get; init; }

    /// <summary>From the beginning to the report.</summary>
    public required double TotalSeconds { get; init; }

    /// <summary>Pictures per second while vectors were made, those found there not counted; null where <see cref="ExtractSeconds"/> is.</summary>
    public double? PicturesPerSecond { get; init; }
}
