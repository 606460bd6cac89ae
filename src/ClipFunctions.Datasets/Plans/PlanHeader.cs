using System.Collections.Immutable;

namespace ClipFunctions.Datasets.Plans;

/// <summary>The first line of a plan's file, or of a part of it.</summary>
public sealed record PlanHeader
{
    /// <summary>The form's version.</summary>
    public const int CurrentSchema = 1;

    /// <summary>The form's version: <see cref="CurrentSchema"/>.</summary>
    public required int Schema { get; init; }

    /// <summary><see cref="DatasetPlan.Id"/>.</summary>
    public required string Id { get; init; }

    /// <summary><see cref="DatasetPlan.Origin"/>.</summary>
    public required string Origin { get; init; }

    /// <summary><see cref="DatasetPlan.Format"/>.</summary>
    public required DatasetFormat Format { get; init; }

    /// <summary>How many items the plan has.</summary>
    public required int Total { get; init; }

    /// <summary>The index in the plan of the file's first item.</summary>
    public int First { get; init; }

    /// <summary>How many items the file has.</summary>
    public required int Count { get; init; }

    /// <summary><see cref="DatasetPlan.Classes"/>.</summary>
    public required ImmutableArray<string> Classes { get; init; }

    /// <summary><see cref="DatasetPlan.Counts"/>.</summary>
    public required DatasetCounts Counts { get; init; }

    /// <summary><see cref="DatasetPlan.Faults"/>; none in a part.</summary>
    public DatasetFaults Faults { get; init; } = DatasetFaults.None;
}
