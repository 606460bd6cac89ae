using System.Collections.Immutable;

namespace ClipFunctions.Datasets.Plans;

/// <summary>How many pictures each class has in each split. Immutable.</summary>
public sealed record DatasetCounts
{
    /// <summary>Of train, by class.</summary>
    public required ImmutableArray<int> Train { get; init; }

    /// <summary>Of validation, by class.</summary>
    public required ImmutableArray<int> Validation { get; init; }

    /// <summary>Of test, by class.</summary>
    public required ImmutableArray<int> Test { get; init; }

    /// <summary>Of a split, by class.</summary>
    public ImmutableArray<int> Of(DatasetSplit split) => split switch
    {
        DatasetSplit.Train => Train,
        DatasetSplit.Validation => Validation,
        DatasetSplit.Test => Test,
        _ => throw new ArgumentOutOfRangeException(nameof(split), split, null),
    };

    /// <summary>Of a split.</summary>
    public int Total(DatasetSplit split)
    {
        int total = 0;
        foreach (int count in Of(split))
        {
            total += count;
        }

        return total;
    }
}
