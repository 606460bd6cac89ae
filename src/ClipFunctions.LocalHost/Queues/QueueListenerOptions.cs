namespace ClipFunctions.LocalHost.Queues;

/// <summary>How a queue is listened to.</summary>
public sealed record QueueListenerOptions
{
    /// <summary>Messages handled at once.</summary>
    public required int Parallelism { get; init; }

    /// <summary>Tries before a message goes to the poison queue. Default 5.</summary>
    public int MaxDequeueCount { get; init; } = 5;

    /// <summary>How long a message stays hidden while it is worked on; renewed at half time. Default 30 s.</summary>
    public TimeSpan Visibility { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The wait before the second try; it doubles with each further one. Default 1 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between two tries. Default 1 min.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest wait between two looks into an empty queue. Default 1 s.</summary>
    public TimeSpan MaxPollingInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The wait before try <paramref name="tries"/> + 1.</summary>
    public TimeSpan DelayAfter(long tries)
    {
        double seconds = RetryDelay.TotalSeconds * Math.Pow(2, Math.Clamp(tries - 1, 0, 30));
        return TimeSpan.FromSeconds(Math.Min(seconds, MaxRetryDelay.TotalSeconds));
    }
}
