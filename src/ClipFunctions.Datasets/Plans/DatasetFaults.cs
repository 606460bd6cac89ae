using System.Collections.Immutable;

namespace ClipFunctions.Datasets.Plans;

/// <summary>All that is no item: counted, and the first of them (by name) listed. Immutable.</summary>
public sealed record DatasetFaults
{
    /// <summary>None.</summary>
    public static DatasetFaults None { get; } = new();

    /// <summary>How many there are.</summary>
    public long Total { get; init; }

    /// <summary>How many for each reason that there is.</summary>
    public IReadOnlyDictionary<DatasetFaultReason, long> Counts { get; init; } = ImmutableDictionary<DatasetFaultReason, long>.Empty;

    /// <summary>The first of them, ordered by name.</summary>
    public IReadOnlyList<DatasetFault> Listed { get; init; } = [];

    /// <summary>How many there are for a reason.</summary>
    public long Count(DatasetFaultReason reason) => Counts.TryGetValue(reason, out long count) ? count : 0;
}
