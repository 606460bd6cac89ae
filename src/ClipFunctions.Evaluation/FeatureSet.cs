using System.Globalization;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Probe.Features;

namespace ClipFunctions.Evaluation;

/// <summary>
/// The vectors of a data set's usable pictures, by split. Filled shard by shard, in any order; not for several threads. Vectors are never copied:
/// what <see cref="Of"/> gives reads them where they are.
/// </summary>
public sealed class FeatureSet : IDisposable
{
    private readonly DatasetPlan _plan;
    private readonly DatasetSplit[] _splits;
    private readonly SortedDictionary<int, (DatasetShard Shard, FeatureMatrix Features, HashSet<int> Bad)> _shards = [];
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
    /// <exception cref="ArgumentException">The rows are not of that number or length, or the shard is there already.</exception>
    public void Add(DatasetShard shard, EmbeddingMatrix vectors, IReadOnlyList<PictureFault> faults)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        Keep(shard, FeatureMatrix.FromMemory(vectors.Values, vectors.Count, vectors.Dimension), faults);
    }

    /// <summary>Adds a shard whose vectors are mapped, not loaded.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="npyFile">A <c>.npy</c> file of float32, a row for each of its pictures; it must stay as it is until this set is disposed.</param>
    /// <param name="faults">Those whose rows mean nothing.</param>
    /// <exception cref="ArgumentException">The rows are not of that number or length, or the shard is there already.</exception>
    /// <exception cref="InvalidDataException">It is no such file.</exception>
    public void Add(DatasetShard shard, string npyFile, IReadOnlyList<PictureFault> faults) => Keep(shard, FeatureMatrix.OpenNpy(npyFile), faults);

    /// <summary>How many usable pictures some splits have.</summary>
    /// <param name="splits">Which.</param>
    public int CountOf(params IReadOnlyList<DatasetSplit> splits) => Rows(splits).Count();

    /// <summary>The usable pictures of some splits, in the plan's order; valid until this set is disposed.</summary>
    /// <param name="splits">Which.</param>
    public SplitFeatures Of(params IReadOnlyList<DatasetSplit> splits)
    {
        (int Row, int Item)[] rows = [.. Rows(splits)];
        FeatureMatrix all = _shards.Count > 0
            ? FeatureMatrix.Concatenate([.. _shards.Values.Select(shard => shard.Features)])
            : FeatureMatrix.FromMemory(ReadOnlyMemory<float>.Empty, 0, Dimension);
        return new SplitFeatures(
            all.Select(Array.ConvertAll(rows, row => row.Row)),
            Array.ConvertAll(rows, row => _plan.Items[row.Item].Label),
            Array.ConvertAll(rows, row => row.Item));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, FeatureMatrix features, _) in _shards.Values)
        {
            features.Dispose();
        }
    }

    private void Keep(DatasetShard shard, FeatureMatrix vectors, IReadOnlyList<PictureFault> faults)
    {
        try
        {
            ArgumentNullException.ThrowIfNull(faults);
            if (vectors.Count != shard.Count || vectors.Dimension != Dimension)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Shard {shard.Index} has {vectors.Count} vectors of {vectors.Dimension} numbers; expected {shard.Count} of {Dimension}."),
                    nameof(vectors));
            }

            _shards.Add(shard.Index, (shard, vectors, [.. faults.Select(fault => fault.Row)]));
            _faults.Add(shard.Index, faults);
        }
        catch
        {
            vectors.Dispose();
            throw;
        }
    }

    // Row: in all shards put together.
    private IEnumerable<(int Row, int Item)> Rows(IReadOnlyList<DatasetSplit> splits)
    {
        int first = 0;
        foreach ((DatasetShard shard, _, HashSet<int> bad) in _shards.Values)
        {
            for (int row = 0; row < shard.Count; row++)
            {
                if (!bad.Contains(row) && splits.Contains(_splits[shard.First + row]))
                {
                    yield return (first + row, shard.First + row);
                }
            }

            first += shard.Count;
        }
    }
}
