namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>How long the vectors took that a run made itself; those that it found count nowhere.</summary>
/// <param name="Wall">From the first shard's beginning to the last one's end; hosts work side by side, and their clocks may differ a little.</param>
/// <param name="Work">The shards' times together.</param>
/// <param name="Pictures">The shards' pictures.</param>
internal sealed record ExtractionTimes(TimeSpan Wall, TimeSpan Work, int Pictures)
{
    /// <summary>Of a run's shards.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="shards">All its shards.</param>
    /// <returns>Null if it found all vectors there.</returns>
    public static ExtractionTimes? Of(string runId, IReadOnlyCollection<ShardFaults> shards)
    {
        (int Pictures, ShardExtraction Made)[] own = [.. shards.Where(shard => shard.Made?.RunId == runId).Select(shard => (shard.Pictures, shard.Made!))];
        if (own.Length == 0)
        {
            return null;
        }

        DateTimeOffset start = own.Min(shard => shard.Made.Started);
        DateTimeOffset end = own.Max(shard => shard.Made.Started.AddSeconds(shard.Made.Seconds));
        return new ExtractionTimes(end - start, TimeSpan.FromSeconds(own.Sum(shard => shard.Made.Seconds)), own.Sum(shard => shard.Pictures));
    }
}
