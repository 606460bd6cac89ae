using ClipFunctions.Checkpoints.Tests;
using ClipFunctions.ModelCaching.Downloads;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

public sealed class CacheLockTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LetsOneInAtATime()
    {
        using TemporaryFolder folder = new();
        int inside = 0;
        int most = 0;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () =>
            {
                using CacheLock held = await CacheLock.AcquireAsync(folder["a.lock"], "a", null, Token);
                most = Math.Max(most, Interlocked.Increment(ref inside));
                await Task.Delay(5, Token);
                Interlocked.Decrement(ref inside);
            },
            Token)));

        Assert.Equal(1, most);
    }

    [Fact]
    public async Task TellsThatItWaitsAndStopsWhenCancelled()
    {
        using TemporaryFolder folder = new();
        using CacheLock held = await CacheLock.AcquireAsync(folder["a.lock"], "a", null, Token);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        CancelWhenWaiting report = new(cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CacheLock.AcquireAsync(folder["a.lock"], "a", report, cancel.Token));

        Assert.Equal(new ModelProgress("waiting", "a", 0, 0), report.Last);
    }

    [Fact]
    public async Task IsAnErrorWhereNoFileCanBe()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["a.lock"]);

        Exception exception = await Assert.ThrowsAnyAsync<SystemException>(() => CacheLock.AcquireAsync(folder["a.lock"], "a", null, Token));
        Assert.True(exception is IOException or UnauthorizedAccessException, exception.ToString());
    }

    private sealed class CancelWhenWaiting(CancellationTokenSource cancel) : IProgress<ModelProgress>
    {
        public ModelProgress Last { get; private set; }

        public void Report(ModelProgress value)
        {
            Last = value;
            cancel.Cancel();
        }
    }
}
