using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ClipFunctions.Datasets.Plans;

/// <summary>
/// Takes a share of train as validation where a data set has none. Each class gives its share, rounded to the nearest, but keeps at least one
/// picture in train. Which ones is drawn by a hash of seed and name: it does not depend on other pictures' names, on the machine or on time. The
/// plan stays as it is, and so do its shards and id.
/// </summary>
public sealed record SplitRule
{
    private readonly double _share = 0.1;

    /// <summary>The share of train; 0.1 by default, above 0 and below 1.</summary>
    public double Share
    {
        get => _share;
        init
        {
            if (!(value > 0 && value < 1))
            {
                throw new ArgumentOutOfRangeException(nameof(Share), value, "The share must lie between 0 and 1.");
            }

            _share = value;
        }
    }

    /// <summary>Another seed draws other pictures; 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>The splits of a plan's items, in their order: those of the plan if it has a validation split or no train, else with validation drawn.</summary>
    public DatasetSplit[] Apply(DatasetPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        DatasetSplit[] splits = new DatasetSplit[plan.Items.Count];
        for (int i = 0; i < splits.Length; i++)
        {
            splits[i] = plan.Items[i].Split;
        }

        if (plan.Counts.Total(DatasetSplit.Validation) > 0)
        {
            return splits;
        }

        (int start, int end) = plan.RangeOf(DatasetSplit.Train);
        (int Label, UInt128 Rank, int Index)[] drawn = new (int, UInt128, int)[end - start];
        for (int i = start; i < end; i++)
        {
            drawn[i - start] = (plan.Items[i].Label, Rank(plan.Items[i].Name), i);
        }

        Array.Sort(drawn);
        for (int from = 0; from < drawn.Length;)
        {
            int label = drawn[from].Label;
            int count = plan.Counts.Train[label];
            int taken = Math.Min((int)Math.Round(count * Share, MidpointRounding.AwayFromZero), count - 1);
            for (int i = from; i < from + taken; i++)
            {
                splits[drawn[i].Index] = DatasetSplit.Validation;
            }

            from += count;
        }

        return splits;
    }

    private UInt128 Rank(string name)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(sizeof(int) + Encoding.UTF8.GetMaxByteCount(name.Length));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt32LittleEndian(buffer, Seed);
        int length = sizeof(int) + Encoding.UTF8.GetBytes(name, buffer.AsSpan(sizeof(int)));
        SHA256.HashData(buffer.AsSpan(0, length), hash);
        ArrayPool<byte>.Shared.Return(buffer);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
