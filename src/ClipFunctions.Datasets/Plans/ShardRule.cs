namespace ClipFunctions.Datasets.Plans;

/// <summary>
/// How a plan is cut into shards. Shards do not cross splits. Archives are kept whole as far as they have no more than
/// <see cref="MaxItems"/> items; larger ones are cut into even parts. Only the last shard of a split, and one before an archive that would not fit
/// into it, has fewer than <see cref="MinItems"/>. The same plan always gives the same shards.
/// </summary>
public sealed record ShardRule
{
    private readonly int _minItems = 1024;
    private readonly int _maxItems = 4096;

    /// <summary>The stated defaults.</summary>
    public static ShardRule Default { get; } = new();

    /// <summary>A shard that has as many is closed; 1024 by default, at least 1.</summary>
    public int MinItems
    {
        get => _minItems;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MinItems));
            _minItems = value;
        }
    }

    /// <summary>The most items of a shard; 4096 by default, at least 1.</summary>
    public int MaxItems
    {
        get => _maxItems;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxItems));
            _maxItems = value;
        }
    }

    /// <summary>Cuts a plan.</summary>
    /// <exception cref="InvalidOperationException"><see cref="MinItems"/> is more than <see cref="MaxItems"/>.</exception>
    public IReadOnlyList<DatasetShard> Cut(DatasetPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (MinItems > MaxItems)
        {
            throw new InvalidOperationException($"A shard cannot have at least {MinItems} and at most {MaxItems} items.");
        }

        List<DatasetShard> shards = [];
        foreach (DatasetSplit split in Enum.GetValues<DatasetSplit>())
        {
            Cut(plan, split, shards);
        }

        return shards;
    }

    private void Cut(DatasetPlan plan, DatasetSplit split, List<DatasetShard> shards)
    {
        (int start, int end) = plan.RangeOf(split);
        int ofSplit = shards.Count;
        int first = start;
        for (int at = start; at < end;)
        {
            int next = EndOfFile(plan, at, end);
            if (at > first && next - first > MaxItems)
            {
                Close(at);
            }

            if (next - first > MaxItems)
            {
                int parts = (next - first + MaxItems - 1) / MaxItems;
                long count = next - first;
                int from = first;
                for (int part = 1; part <= parts; part++)
                {
                    Close(from + (int)(count * part / parts));
                }
            }
            else if (next - first >= MinItems)
            {
                Close(next);
            }

            at = next;
        }

        if (first < end)
        {
            // A rest is added to its neighbour where it fits.
            if (shards.Count > ofSplit && shards[^1].Count + end - first <= MaxItems)
            {
                shards[^1] = shards[^1] with { Count = shards[^1].Count + end - first };
            }
            else
            {
                Close(end);
            }
        }

        void Close(int until)
        {
            shards.Add(new DatasetShard(shards.Count, split, first, until - first));
            first = until;
        }
    }

    private static int EndOfFile(DatasetPlan plan, int at, int end)
    {
        IReadOnlyList<DatasetItem> items = plan.Items;
        string file = items[at].File.Name;
        do
        {
            at++;
        }
        while (at < end && string.Equals(items[at].File.Name, file, StringComparison.Ordinal));
        return at;
    }
}
