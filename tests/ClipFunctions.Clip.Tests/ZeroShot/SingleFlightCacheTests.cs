using ClipFunctions.Clip.ZeroShot;

namespace ClipFunctions.Clip.Tests.ZeroShot;

public class SingleFlightCacheTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OneComputationServesAllWhoWaitAndAllWhoComeLater()
    {
        SingleFlightCache<int, object> cache = new(4);
        int computed = 0;
        using ManualResetEventSlim go = new();
        object Compute(CancellationToken token)
        {
            Interlocked.Increment(ref computed);
            go.Wait(token);
            return new object();
        }

        Task<object>[] waiting = [.. Enumerable.Range(0, 10).Select(_ => cache.GetAsync(1, Compute, Token))];
        go.Set();
        object[] values = await Task.WhenAll(waiting);
        Assert.Single(values.Distinct());
        Assert.Same(values[0], await cache.GetAsync(1, Compute, Token));
        Assert.Equal(1, computed);
    }

    [Fact]
    public async Task ResultsThatTakeTooMuchTogetherLeaveInTheOrderOfTheirLastUse()
    {
        SingleFlightCache<int, int> cache = new(100, maxSize: 10, value => value);
        List<int> computed = [];
        async Task AskAsync(int key, int size) => Assert.Equal(size, await cache.GetAsync(
            key,
            _ =>
            {
                computed.Add(key);
                return size;
            },
            Token));

        await AskAsync(1, 4);
        await AskAsync(2, 4);
        await AskAsync(1, 4);
        await AskAsync(3, 4);
        Assert.Equal(2, cache.Count);

        await AskAsync(1, 4);
        await AskAsync(2, 4);
        Assert.Equal([1, 2, 3, 2], computed);

        // One that is too large for all of it stays until another comes.
        await AskAsync(4, 1000);
        await AskAsync(4, 1000);
        Assert.Equal(1, cache.Count);
        await AskAsync(5, 1);
        Assert.Equal(1, cache.Count);
        Assert.Equal([1, 2, 3, 2, 4, 5], computed);
    }

    [Fact]
    public async Task AFailureReachesThoseWhoWaitAndTheNextTriesAgain()
    {
        SingleFlightCache<int, int> cache = new(4);
        using ManualResetEventSlim go = new();
        Task<int>[] waiting = [.. Enumerable.Range(0, 3).Select(_ => cache.GetAsync(1, token => { go.Wait(token); throw new InvalidDataException(); }, Token))];
        go.Set();
        foreach (Task<int> task in waiting)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => task);
        }

        Assert.Equal(0, cache.Count);
        Assert.Equal(7, await cache.GetAsync(1, _ => 7, Token));
    }

    [Fact]
    public async Task TheComputationStopsWhenTheLastWhoWaitsGivesUp()
    {
        SingleFlightCache<int, int> cache = new(4);
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int Compute(CancellationToken token)
        {
            started.SetResult();
            token.WaitHandle.WaitOne();
            stopped.SetResult();
            token.ThrowIfCancellationRequested();
            return 0;
        }

        using CancellationTokenSource first = new();
        using CancellationTokenSource second = new();
        Task<int> one = cache.GetAsync(1, Compute, first.Token);
        Task<int> two = cache.GetAsync(1, Compute, second.Token);

        // Given up before it begins, it would never begin.
        await started.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        Assert.False(stopped.Task.IsCompleted);
        Assert.Equal(1, cache.Count);
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(0, cache.Count);
        Assert.Equal(3, await cache.GetAsync(1, _ => 3, Token));
    }

    [Fact]
    public async Task TheOneNotUsedForLongestLeavesFirst()
    {
        SingleFlightCache<int, int> cache = new(2);
        int computed = 0;
        Task<int> Get(int key) => cache.GetAsync(key, _ => Interlocked.Increment(ref computed), Token);
        await Get(1);
        await Get(2);
        await Get(1);
        await Get(3);
        Assert.Equal(3, computed);
        await Get(1);
        Assert.Equal(3, computed);
        await Get(2);
        Assert.Equal(4, computed);
        Assert.Equal(2, cache.Count);
    }
}
