using System.Collections.Immutable;

namespace ClipFunctions.Datasets.Plans;

/// <summary>
/// What an evaluation works on: every usable picture of a data set with its label, its split, and the version and place of its bytes. The order
/// is by split (train, validation, test), then by the file's name (ordinally), then by the place in the file; it does not depend on the order in which
/// storage lists. Immutable.
/// </summary>
public sealed class DatasetPlan
{
    private readonly int[] _starts;

    internal DatasetPlan(string origin, DatasetFormat format, ImmutableArray<string> classes, List<DatasetItem> items, DatasetFaults faults)
    {
        Origin = origin;
        Format = format;
        Classes = classes;
        Items = items.AsReadOnly();
        Faults = faults;
        Counts = Count(items, classes.Length);
        int train = Counts.Total(DatasetSplit.Train);
        _starts = [0, train, train + Counts.Total(DatasetSplit.Validation), items.Count];
        Id = PlanId.Compute(classes, items);
    }

    /// <summary>
    /// SHA-256 (lower-case hex) over classes, names, labels, splits, and the files' sizes and ETags: equal ids mean equal items in equal order. Origin,
    /// format and faults do not count.
    /// </summary>
    public string Id { get; }

    /// <summary>Where the data set lies, for people.</summary>
    public string Origin { get; }

    /// <summary>How it is laid out.</summary>
    public DatasetFormat Format { get; }

    /// <summary>
    /// The classes' names as the data set writes them; labels are indexes into them. In the order of the data set's own list where it has one (CIFAR;
    /// <c>classnames.txt</c> above webdataset's shards), by number if they are webdataset's numbers, else ordinally.
    /// </summary>
    public ImmutableArray<string> Classes { get; }

    /// <summary>The pictures.</summary>
    public IReadOnlyList<DatasetItem> Items { get; }

    /// <summary>How many of each class and split.</summary>
    public DatasetCounts Counts { get; }

    /// <summary>What could not be an item.</summary>
    public DatasetFaults Faults { get; }

    /// <summary>Where a split's items stand: from <c>Start</c> to before <c>End</c>.</summary>
    public (int Start, int End) RangeOf(DatasetSplit split)
    {
        ArgumentOutOfRangeException.ThrowIfNegative((int)split, nameof(split));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((int)split, (int)DatasetSplit.Test, nameof(split));
        return (_starts[(int)split], _starts[(int)split + 1]);
    }

    /// <summary>The items of a split, in their order.</summary>
    public IReadOnlyList<DatasetItem> ItemsOf(DatasetSplit split)
    {
        (int start, int end) = RangeOf(split);
        return [.. Items.Skip(start).Take(end - start)];
    }

    /// <summary>The items of a shard.</summary>
    public IEnumerable<DatasetItem> ItemsOf(DatasetShard shard)
    {
        for (int i = 0; i < shard.Count; i++)
        {
            yield return Items[shard.First + i];
        }
    }

    private static DatasetCounts Count(List<DatasetItem> items, int classes)
    {
        int[][] counts = [new int[classes], new int[classes], new int[classes]];
        foreach (DatasetItem item in items)
        {
            counts[(int)item.Split][item.Label]++;
        }

        return new DatasetCounts { Train = [.. counts[0]], Validation = [.. counts[1]], Test = [.. counts[2]] };
    }
}
