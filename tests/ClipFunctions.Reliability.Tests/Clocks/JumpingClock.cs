namespace ClipFunctions.Reliability.Tests.Clocks;

/// <summary>A clock that shows another time at each look, years before or after; only its timestamps go on evenly, as a machine's do.</summary>
internal sealed class JumpingClock(int seed) : TimeProvider
{
    private readonly Random _random = new(seed);

    public override DateTimeOffset GetUtcNow()
    {
        lock (_random)
        {
            return DateTimeOffset.UtcNow.AddDays(_random.Next(-4000, 4000));
        }
    }
}
