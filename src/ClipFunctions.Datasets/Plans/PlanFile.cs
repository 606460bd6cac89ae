using System.Text.Json;

namespace ClipFunctions.Datasets.Plans;

/// <summary>
/// Plans as JSON Lines (UTF-8): a <see cref="PlanHeader"/>, then a line for each item. A shard's file has the same form, with the shard's items alone. Equal
/// plans give equal bytes.
/// </summary>
public static class PlanFile
{
    private const int FlushSize = 1 << 16;

    /// <summary>Writes a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="stream">Is written to, and stays open.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task WriteAsync(DatasetPlan plan, Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(stream);
        return WriteAsync(Header(plan) with { Faults = plan.Faults }, plan.Items, stream, cancellationToken);
    }

    /// <summary>Writes one shard of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="shard">One of its shards.</param>
    /// <param name="stream">Is written to, and stays open.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task WriteShardAsync(DatasetPlan plan, DatasetShard shard, Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(stream);
        return WriteAsync(Header(plan) with { First = shard.First, Count = shard.Count }, plan.ItemsOf(shard), stream, cancellationToken);
    }

    /// <summary>Reads a whole plan, and checks that it has the id that it states.</summary>
    /// <param name="stream">The file; stays open.</param>
    /// <param name="origin">What to call it in errors.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidDatasetException">It is no plan, only a part of one, or has been changed.</exception>
    public static async Task<DatasetPlan> ReadAsync(Stream stream, string origin, CancellationToken cancellationToken = default)
    {
        using PlanReader reader = await PlanReader.OpenAsync(stream, origin, cancellationToken);
        PlanHeader header = reader.Header;
        if (header.Count != header.Total)
        {
            throw new InvalidDatasetException(origin, "it is only a part of a plan.");
        }

        // A header may promise anything.
        List<DatasetItem> items = new(Math.Min(header.Count, 1 << 20));
        DatasetSplit split = DatasetSplit.Train;
        await foreach (DatasetItem item in reader.ReadItemsAsync(cancellationToken))
        {
            if (item.Split < split)
            {
                throw new InvalidDatasetException(origin, "the plan's items are not in its order.");
            }

            split = item.Split;
            items.Add(item);
        }

        DatasetPlan plan = new(header.Origin, header.Format, header.Classes, items, header.Faults);
        return plan.Id == header.Id
            ? plan
            : throw new InvalidDatasetException(origin, $"the plan states the id {header.Id}; its items have {plan.Id}.");
    }

    private static PlanHeader Header(DatasetPlan plan) => new()
    {
        Schema = PlanHeader.CurrentSchema,
        Id = plan.Id,
        Origin = plan.Origin,
        Format = plan.Format,
        Total = plan.Items.Count,
        Count = plan.Items.Count,
        Classes = plan.Classes,
        Counts = plan.Counts,
    };

    private static async Task WriteAsync(PlanHeader header, IEnumerable<DatasetItem> items, Stream stream, CancellationToken cancellationToken)
    {
        using MemoryStream buffer = new(2 * FlushSize);
        JsonSerializer.Serialize(buffer, header, PlanJsonContext.Lines.PlanHeader);
        buffer.WriteByte((byte)'\n');
        foreach (DatasetItem item in items)
        {
            JsonSerializer.Serialize(buffer, PlanItemLine.Of(item), PlanJsonContext.Lines.PlanItemLine);
            buffer.WriteByte((byte)'\n');
            if (buffer.Length >= FlushSize)
            {
                await FlushAsync();
            }
        }

        await FlushAsync();
        await stream.FlushAsync(cancellationToken);

        async ValueTask FlushAsync()
        {
            await stream.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), cancellationToken);
            buffer.SetLength(0);
        }
    }
}
