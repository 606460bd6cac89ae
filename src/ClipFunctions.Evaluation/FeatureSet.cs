using System.Globalization;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Evaluation;

/// <summary>The vectors of a data set's usable pictures, by split. Filled shard by shard, in any order; not for several threads.</summary>
public sealed class FeatureSet
{
    private readonly DatasetPlan _plan;
    private readonly DatasetSplit[] _splits;
    private readonly SortedDictionary<int, (DatasetShard Shard, EmbeddingMatrix Vectors, HashSet<int> Bad)> _shards = [];
    private readonly Dictionary<int, IReadOnlyList<PictureFault>> _faults = [];

    /// <summary>Makes an empty set.</summary>
    /// <param name="plan">The data set.</param>
    /// <param name="dimension">The vectors' length.</param>
    /// <param name="validation">How validation is drawn from train where the data set has none; null for not at all.</param>
    public FeatureSet(DatasetPlan plan, int dimension, SplitRule? validation = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        _plan = plan;
        Dimension = dimension;
        _splits = validation?.Apply(plan) ?? [.. plan.Items.Select(item => item.Split)];
    }

    /// <summary>The vectors' length.</summary>
    public int Dimension { get; }

    /// <summary>The pictures that have no vector, in the plan's order.</summary>
    public IReadOnlyList<PictureFault> Faults => [.. _shards.Keys.SelectMany(index => _faults[index])];

    /// <summary>Adds a shard.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="vectors">A row for each of its pictures.</param>
    /// <param name="faults">Those whose rows mean nothing.</param>
    /// <exception cref="ArgumentException">The rows are not of that number or length.</exception>
    public void Add(DatasetShard shard, EmbeddingMatrix vectors, IReadOnlyList<PictureFault> faults)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(faults);
        if (vectors.Count != shard.Count || vectors.Dimension != Dimension)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"Shard {shard.Index} has {vectors.Count} vectors of {vectors.Dimension} numbers; expected {shard.Count} of {Dimension}."),
                nameof(vectors));
        }

        _shards[shard.Index] = (shard, vectors, [.. faults.Select(fault => fault.Row)]);
        _faults[shard.Index] = faults;
    }

    /// <summary>The usable pictures of some splits, in the plan's order.</summary>
    /// <param name="splits">Which.</param>
    public SplitFeatures Of(params IReadOnlyList<DatasetSplit> splits)
    {
        List<(EmbeddingMatrix Vectors, int Row, int Item)> rows = [];
        foreach ((DatasetShard shard, EmbeddingMatrix vectors, HashSet<int> bad) in _shards.Values)
        {
            for (int row = 0; row < shard.Count; row++)
            {
                if (!bad.Contains(row) && splits.Contains(_splits[shard.First + row]))
                {
                    rows.Add((vectors, row, shard.First + row));
                }
            }
        }

        float[] values = new float[checked(rows.Count * Dimension)];
        int[] labels = new int[rows.Count];
        int[] items = new int[rows.Count];
        for (int i = 0; i < rows.Count; i++)
        {
            rows[i].Vectors[rows[i].Row].CopyTo(values.AsSpan(i * Dimension));
            items[i] = rows[i].Item;
            labels[i] = _plan.Items[items[i]].Label;
        }

        return new SplitFeatures(new EmbeddingMatrix(values, rows.Count, Dimension), labels, items);
    }
}
