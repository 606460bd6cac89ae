namespace ClipFunctions.Probe.Reports;

/// <summary>The numbers of a class. Shares are 0–1, and 0 where they would be 0/0.</summary>
public sealed record ReportClass
{
    /// <summary>The class's name.</summary>
    public required string Name { get; init; }

    /// <summary>Test pictures of the class.</summary>
    public required int Count { get; init; }

    /// <summary>The share of the pictures called so that are so.</summary>
    public required double Precision { get; init; }

    /// <summary>The share of the class's pictures that are called so.</summary>
    public required double Recall { get; init; }

    /// <summary>The harmonic mean of precision and recall.</summary>
    public required double F1 { get; init; }
}
