using ClipFunctions.Reliability.Tests.Faults;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>What is done to a pipeline under load.</summary>
internal sealed record StormOptions
{
    /// <summary>The row's name in the table.</summary>
    public required string Name { get; init; }

    /// <summary>Names uploaded; some of them more than once.</summary>
    public required int Uploads { get; init; }

    /// <summary>At most so many a second are uploaded, so that disturbances meet work.</summary>
    public int UploadsPerSecond { get; init; } = 40;

    /// <summary>Hosts on the one container.</summary>
    public int Hosts { get; init; } = 2;

    /// <summary>The longest pause between two kills; null for none.</summary>
    public TimeSpan? KillEvery { get; init; }

    /// <summary>The longest pause between two stops of storage; null for none.</summary>
    public TimeSpan? StopStorageEvery { get; init; }

    /// <summary>The share of requests to storage with a fault.</summary>
    public double FaultRate { get; init; }

    /// <summary>The faults; empty for all.</summary>
    public IReadOnlyList<StorageFault> Faults { get; init; } = [];

    /// <summary>The share of uploads that are replaced, or replaced and deleted, soon after.</summary>
    public double Changes { get; init; }

    /// <summary>The share of uploads whose event is sent again, at another time and in another order.</summary>
    public double Repeats { get; init; }

    /// <summary>How long the last picture may take after the last disturbance, in seconds.</summary>
    public int Patience { get; init; } = 90;
}
