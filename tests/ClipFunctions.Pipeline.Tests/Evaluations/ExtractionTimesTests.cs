using ClipFunctions.Pipeline.Evaluations;

namespace ClipFunctions.Pipeline.Tests.Evaluations;

public sealed class ExtractionTimesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void HostsSideBySideTakeLessThanTheirWorkTogether()
    {
        ExtractionTimes times = ExtractionTimes.Of("one", [Shard("one", 100, 0, 10), Shard("one", 200, 1, 12), Shard("one", 300, 10, 5)])!;
        Assert.Equal((15, 27, 600), (times.Wall.TotalSeconds, times.Work.TotalSeconds, times.Pictures));
    }

    [Fact]
    public void OnlyTheRunsOwnShardsCount()
    {
        ExtractionTimes times = ExtractionTimes.Of("two", [Shard("one", 100, -3600, 10), Shard("two", 200, 0, 4), new ShardFaults(50, [])])!;
        Assert.Equal((4, 4, 200), (times.Wall.TotalSeconds, times.Work.TotalSeconds, times.Pictures));
        Assert.Null(ExtractionTimes.Of("three", [Shard("one", 100, 0, 10)]));
        Assert.Null(ExtractionTimes.Of("three", []));
    }

    private static ShardFaults Shard(string run, int pictures, double start, double seconds) => new(pictures, [], new ShardExtraction(run, Noon.AddSeconds(start), seconds));
}
