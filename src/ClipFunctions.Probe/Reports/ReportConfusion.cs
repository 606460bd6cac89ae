namespace ClipFunctions.Probe.Reports;

/// <summary>Pictures of one class that were taken for another.</summary>
public sealed record ReportConfusion
{
    /// <summary>The class's name.</summary>
    public required string Actual { get; init; }

    /// <summary>The name of the class that was predicted.</summary>
    public required string Predicted { get; init; }

    /// <summary>How many pictures.</summary>
    public required int Count { get; init; }

    /// <summary>Their share of the actual class's pictures, 0–1.</summary>
    public required double Share { get; init; }
}
