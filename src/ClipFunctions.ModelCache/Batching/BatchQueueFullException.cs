namespace ClipFunctions.ModelCaching.Batching;

/// <summary>More work waits for a tower than its queue may hold.</summary>
public sealed class BatchQueueFullException : Exception
{
    internal BatchQueueFullException(string what, int limit, int waiting, int asked, TimeSpan retryAfter)
        : base($"{waiting} {what} wait already and {asked} more would exceed the limit of {limit}. Try again in {Math.Ceiling(retryAfter.TotalSeconds):F0} s, or with fewer at a time.")
    {
        Limit = limit;
        Waiting = waiting;
        RetryAfter = retryAfter;
    }

    /// <summary>The most that may wait.</summary>
    public int Limit { get; }

    /// <summary>How many wait.</summary>
    public int Waiting { get; }

    /// <summary>How long, by the speed of late, until those who wait are done; 1 s to 60 s.</summary>
    public TimeSpan RetryAfter { get; }
}
