namespace ClipFunctions.Probe.Reports;

/// <summary>The numbers over the whole test split. Shares are 0–1.</summary>
public sealed record ReportResult
{
    /// <summary>Test pictures that were judged.</summary>
    public required int Count { get; init; }

    /// <summary>The share of pictures whose most probable class is the actual one.</summary>
    public required double Top1 { get; init; }

    /// <summary>The lower end of the bootstrap interval of <see cref="Top1"/>.</summary>
    public required double Top1Low { get; init; }

    /// <summary>The upper end of the bootstrap interval of <see cref="Top1"/>.</summary>
    public required double Top1High { get; init; }

    /// <summary>How much of the bootstrap distribution lies in the interval.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>The share of pictures whose actual class is among the five most probable; null with fewer than six classes.</summary>
    public double? Top5 { get; init; }

    /// <summary>The mean of the classes' recalls.</summary>
    public required double MeanPerClass { get; init; }

    /// <summary>Expected calibration error: the mean distance of confidence and accuracy over the bins, weighted by their counts.</summary>
    public required double CalibrationError { get; init; }
}
