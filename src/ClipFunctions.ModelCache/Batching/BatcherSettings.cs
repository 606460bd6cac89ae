namespace ClipFunctions.ModelCaching.Batching;

/// <summary>What a <see cref="DynamicBatcher{T}"/> works on and how.</summary>
internal sealed record BatcherSettings<T>
{
    /// <summary>What its items are called in errors.</summary>
    public required string What { get; init; }

    /// <summary>The most items that may wait.</summary>
    public required int Capacity { get; init; }

    /// <summary>The most that a batch may cost: its items times the costliest of them.</summary>
    public required int MaxCost { get; init; }

    /// <summary>The longest wait for items that are on their way.</summary>
    public required TimeSpan MaxDelay { get; init; }

    /// <summary>Computes a vector for each item of a batch.</summary>
    public required Func<IReadOnlyList<T>, CancellationToken, IReadOnlyList<ReadOnlyMemory<float>>> Run { get; init; }

    /// <summary>Called once for each item when nobody needs it any more.</summary>
    public Action<T> Release { get; init; } = static _ => { };

    /// <summary>Told of waits and batches.</summary>
    public BatchTelemetry? Telemetry { get; init; }
}
