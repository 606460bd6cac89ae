using ClipFunctions.Reliability.Tests.Load;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>What became of hostile uploads.</summary>
internal sealed record HostileReport
{
    /// <summary>How many had each outcome.</summary>
    public required IReadOnlyDictionary<string, int> Outcomes { get; init; }

    /// <summary>What is wrong.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>What became of the sound pictures between them.</summary>
    public required Verdict Neighbours { get; init; }

    /// <summary>From the first upload until everything was done.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The most memory that the host ever held, in MB.</summary>
    public required double PeakMemory { get; init; }

    /// <summary>Fails unless each has its one right record and no neighbour has suffered.</summary>
    /// <param name="memory">MB that the host may have held.</param>
    public void Assert(double memory)
    {
        Xunit.Assert.True(Faults.Count == 0, $"{Faults.Count} faults:\n{string.Join("\n", Faults.Take(20))}");
        Xunit.Assert.True(Neighbours.IsPerfect, Neighbours.ToString());
        Xunit.Assert.InRange(PeakMemory, 0, memory);
    }
}
