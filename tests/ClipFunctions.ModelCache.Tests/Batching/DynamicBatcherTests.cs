using System.Collections.Concurrent;
using ClipFunctions.ModelCaching.Batching;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace ClipFunctions.ModelCaching.Tests.Batching;

public sealed class DynamicBatcherTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunsALoneItemAtOnce()
    {
        FakeTimeProvider clock = new();
        DynamicBatcher<int> batcher = new(Settings(maxDelay: TimeSpan.FromHours(1)), clock);

        ReadOnlyMemory<float> vector = await EnqueueAsync(batcher, 7).WaitAsync(Patience, Token);

        Assert.Equal(7, vector.Span[0]);
        Assert.Equal(0, batcher.Pending);
    }

    [Fact]
    public async Task GathersWhatComesWhileABatchRuns()
    {
        using ManualResetEventSlim go = new();
        ConcurrentQueue<int> sizes = new();
        DynamicBatcher<int> batcher = new(Settings(run: (items, _) =>
        {
            sizes.Enqueue(items.Count);
            go.Wait(Token);
            return Vectors(items);
        }));

        Task<ReadOnlyMemory<float>> first = EnqueueAsync(batcher, 1);
        await UntilAsync(() => sizes.Count == 1);
        Task<ReadOnlyMemory<float>>[] others = [.. Enumerable.Range(2, 20).Select(i => EnqueueAsync(batcher, i))];
        go.Set();
        await Task.WhenAll(others).WaitAsync(Patience, Token);
        await first;

        Assert.Equal([1, 8, 8, 4], sizes);
    }

    [Fact]
    public async Task WaitsForThoseWhoAreOnTheirWayButNoLongerThanTheDelay()
    {
        FakeTimeProvider clock = new();
        ConcurrentQueue<int> sizes = new();
        DynamicBatcher<int> batcher = new(
            Settings(maxDelay: TimeSpan.FromMilliseconds(5), run: (items, _) =>
            {
                sizes.Enqueue(items.Count);
                return Vectors(items);
            }),
            clock);
        using DynamicBatcher<int>.Reservation late = batcher.Reserve(2, QueueAdmission.IfRoom);

        Task<ReadOnlyMemory<float>> first = EnqueueAsync(batcher, 1);
        Task<ReadOnlyMemory<float>> second = late.Enqueue(2, 1, Token);
        await Task.Delay(50, Token);
        Assert.Empty(sizes);

        await AdvanceUntilAsync(clock, Task.WhenAll(first, second));
        Assert.Equal([2], sizes);
    }

    [Fact]
    public async Task DoesNotWaitForThoseWhoGiveUp()
    {
        FakeTimeProvider clock = new();
        DynamicBatcher<int> batcher = new(Settings(maxDelay: TimeSpan.FromHours(1)), clock);
        DynamicBatcher<int>.Reservation late = batcher.Reserve(1, QueueAdmission.IfRoom);
        Task<ReadOnlyMemory<float>> first = EnqueueAsync(batcher, 1);

        late.Dispose();

        await first.WaitAsync(Patience, Token);
        Assert.Equal(0, batcher.Pending);
    }

    [Fact]
    public async Task NeverLetsABatchCostMoreThanItMay()
    {
        using ManualResetEventSlim go = new();
        ConcurrentQueue<IReadOnlyList<int>> batches = new();
        DynamicBatcher<int> batcher = new(Settings(maxCost: 100, run: (items, _) =>
        {
            batches.Enqueue(items);
            go.Wait(Token);
            return Vectors(items);
        }));

        // The item's value is its cost.
        Task<ReadOnlyMemory<float>>[] tasks = [.. ((int[])[1, 10, 20, 30, 5, 200, 60, 60]).Select(cost => EnqueueAsync(batcher, cost, cost))];
        go.Set();
        await Task.WhenAll(tasks).WaitAsync(Patience, Token);

        Assert.All(batches, batch => Assert.True(batch.Count == 1 || batch.Count * batch.Max() <= 100, string.Join(",", batch)));
        Assert.Equal([1, 5, 10, 20, 30, 60, 60, 200], batches.SelectMany(batch => batch).Order());
    }

    [Fact]
    public async Task TurnsAwayWhatExceedsTheQueueAndTellsTheLimit()
    {
        using ManualResetEventSlim go = new();
        DynamicBatcher<int> batcher = new(Settings(capacity: 4, run: (items, _) =>
        {
            go.Wait(Token);
            return Vectors(items);
        }));
        Task<ReadOnlyMemory<float>> running = EnqueueAsync(batcher, 0);
        await UntilAsync(() => batcher.Pending == 0);
        Task<ReadOnlyMemory<float>>[] waiting = [.. Enumerable.Range(1, 3).Select(i => EnqueueAsync(batcher, i))];

        BatchQueueFullException full = Assert.Throws<BatchQueueFullException>(() => batcher.Reserve(2, QueueAdmission.IfRoom));
        Assert.Equal((4, 3), (full.Limit, full.Waiting));
        Assert.InRange(full.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

        // Who insists gets in, and so does what still has room.
        batcher.Reserve(2, QueueAdmission.Always).Dispose();
        batcher.Reserve(1, QueueAdmission.IfRoom).Dispose();
        go.Set();
        await Task.WhenAll([running, .. waiting]).WaitAsync(Patience, Token);

        // A request larger than the whole queue is not turned away for ever.
        batcher.Reserve(100, QueueAdmission.IfRoom).Dispose();
    }

    [Fact]
    public async Task ACancelledItemLeavesTheQueueAtOnce()
    {
        using ManualResetEventSlim go = new();
        ConcurrentQueue<int> released = new();
        ConcurrentQueue<int> computed = new();
        DynamicBatcher<int> batcher = new(Settings(release: released.Enqueue, run: (items, _) =>
        {
            go.Wait(Token);
            foreach (int item in items)
            {
                computed.Enqueue(item);
            }

            return Vectors(items);
        }));
        Task<ReadOnlyMemory<float>> running = EnqueueAsync(batcher, 0);
        await UntilAsync(() => batcher.Pending == 0);
        using CancellationTokenSource cancellation = new();
        Task<ReadOnlyMemory<float>> cancelled = EnqueueAsync(batcher, 1, cancellation: cancellation);
        Task<ReadOnlyMemory<float>> kept = EnqueueAsync(batcher, 2);

        await cancellation.CancelAsync();

        Assert.Equal(1, batcher.Pending);
        Assert.Equal([1], released);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        go.Set();
        await Task.WhenAll(running, kept).WaitAsync(Patience, Token);
        Assert.Equal([0, 2], computed);
    }

    [Fact]
    public async Task StopsARunWhenNobodyWantsItsAnswersAnyMore()
    {
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        DynamicBatcher<int> batcher = new(Settings(run: (items, token) =>
        {
            if (items[0] != 1)
            {
                return Vectors(items);
            }

            started.SetResult();
            token.WaitHandle.WaitOne(Patience);
            stopped.SetResult();
            throw new OperationCanceledException(token);
        }));
        using CancellationTokenSource cancellation = new();
        Task<ReadOnlyMemory<float>> only = EnqueueAsync(batcher, 1, cancellation: cancellation);
        await started.Task.WaitAsync(Patience, Token);

        await cancellation.CancelAsync();

        await stopped.Task.WaitAsync(Patience, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);
        Assert.Equal(2, (await EnqueueAsync(batcher, 2).WaitAsync(Patience, Token)).Span[0]);
    }

    [Fact]
    public async Task OneOfABatchWhoLeavesDoesNotStopItForTheOthers()
    {
        using ManualResetEventSlim first = new();
        using ManualResetEventSlim second = new();
        bool cancelled = false;
        DynamicBatcher<int> batcher = new(Settings(run: (items, token) =>
        {
            (items[0] == 0 ? first : second).Wait(Token);
            cancelled |= token.IsCancellationRequested;
            return Vectors(items);
        }));
        Task<ReadOnlyMemory<float>> opener = EnqueueAsync(batcher, 0);
        await UntilAsync(() => batcher.Pending == 0);
        using CancellationTokenSource cancellation = new();
        Task<ReadOnlyMemory<float>> leaving = EnqueueAsync(batcher, 1, cancellation: cancellation);
        Task<ReadOnlyMemory<float>> staying = EnqueueAsync(batcher, 2);
        first.Set();
        await opener.WaitAsync(Patience, Token);
        await UntilAsync(() => batcher.Pending == 0);

        await cancellation.CancelAsync();
        second.Set();

        Assert.Equal(2, (await staying.WaitAsync(Patience, Token)).Span[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Assert.False(cancelled);
    }

    [Fact]
    public async Task AnItemThatMakesItsBatchFailFailsAlone()
    {
        using ManualResetEventSlim go = new();
        DynamicBatcher<int> batcher = new(Settings(run: (items, _) =>
        {
            go.Wait(Token);
            return items.Contains(5) ? throw new InvalidOperationException("five") : Vectors(items);
        }));
        Task<ReadOnlyMemory<float>>[] tasks = [.. Enumerable.Range(0, 9).Select(i => EnqueueAsync(batcher, i))];
        go.Set();

        for (int i = 0; i < tasks.Length; i++)
        {
            if (i == 5)
            {
                Assert.Equal("five", (await Assert.ThrowsAsync<InvalidOperationException>(() => tasks[5].WaitAsync(Patience, Token))).Message);
            }
            else
            {
                Assert.Equal(i, (await tasks[i].WaitAsync(Patience, Token)).Span[0]);
            }
        }
    }

    [Fact]
    public async Task AnswersEachByItsOwnWhateverTheOrderOfArrivalsFailuresAndCancellations()
    {
        await Gen.Select(Gen.Int[1, 8], Gen.Int[0, 3], Gen.Select(Gen.Int[1, 5], Gen.Int[0, 4], Gen.Int[0, 2]).Array[1, 40]).SampleAsync(
            async (int maxCost, int delay, (int Cost, int Fate, int Pause)[] items) =>
            {
                int running = 0;
                bool overlapped = false;
                bool tooCostly = false;
                ConcurrentDictionary<int, int> released = new();
                DynamicBatcher<int> batcher = new(new BatcherSettings<int>
                {
                    What = "items",
                    Capacity = 1000,
                    MaxCost = maxCost,
                    MaxDelay = TimeSpan.FromMilliseconds(delay),
                    Release = item => released.AddOrUpdate(item, 1, (_, count) => count + 1),
                    Run = (batch, token) =>
                    {
                        overlapped |= Interlocked.Increment(ref running) > 1;
                        tooCostly |= batch.Count > 1 && batch.Count * batch.Max(item => items[item].Cost) > maxCost;
                        Thread.Yield();
                        token.ThrowIfCancellationRequested();
                        Interlocked.Decrement(ref running);
                        return batch.Any(item => items[item].Fate == 1) ? throw new InvalidOperationException("poison") : Vectors(batch);
                    },
                });

                await Task.WhenAll(items.Select((item, i) => Task.Run(async () =>
                {
                    using CancellationTokenSource cancellation = new();
                    using DynamicBatcher<int>.Reservation place = batcher.Reserve(1, QueueAdmission.IfRoom);
                    for (int pause = 0; pause < item.Pause; pause++)
                    {
                        await Task.Yield();
                    }

                    if (item.Fate == 3)
                    {
                        await cancellation.CancelAsync();
                    }

                    Task<ReadOnlyMemory<float>> answer = place.Enqueue(i, item.Cost, cancellation.Token);
                    if (item.Fate == 2)
                    {
                        await Task.Yield();
                        await cancellation.CancelAsync();
                    }

                    try
                    {
                        Assert.Equal(i, (await answer.WaitAsync(Patience)).Span[0]);
                        Assert.NotEqual(1, item.Fate);
                    }
                    catch (InvalidOperationException)
                    {
                        Assert.Equal(1, item.Fate);
                    }
                    catch (OperationCanceledException)
                    {
                        Assert.InRange(item.Fate, 2, 3);
                    }
                })));

                Assert.False(overlapped && items.All(item => item.Fate is not 2 and not 3));
                Assert.False(tooCostly);
                await UntilAsync(() => released.Count == items.Length);
                Assert.All(released, item => Assert.Equal(1, item.Value));
                Assert.Equal(0, batcher.Pending);
            },
            iter: 500,
            threads: 1);
    }

    private static BatcherSettings<int> Settings(
        int capacity = 100,
        int maxCost = 8,
        TimeSpan? maxDelay = null,
        Func<IReadOnlyList<int>, CancellationToken, IReadOnlyList<ReadOnlyMemory<float>>>? run = null,
        Action<int>? release = null) => new()
        {
            What = "items",
            Capacity = capacity,
            MaxCost = maxCost,
            MaxDelay = maxDelay ?? TimeSpan.Zero,
            Run = run ?? ((items, _) => Vectors(items)),
            Release = release ?? (_ => { }),
        };

    private static ReadOnlyMemory<float>[] Vectors(IReadOnlyList<int> items) => [.. items.Select(item => new ReadOnlyMemory<float>([item]))];

    private static async Task<ReadOnlyMemory<float>> EnqueueAsync(DynamicBatcher<int> batcher, int item, int cost = 1, CancellationTokenSource? cancellation = null)
    {
        using DynamicBatcher<int>.Reservation place = batcher.Reserve(1, QueueAdmission.IfRoom);
        return await place.Enqueue(item, cost, cancellation?.Token ?? CancellationToken.None);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!condition())
        {
            await Task.Delay(1, limit.Token);
        }
    }

    private static async Task AdvanceUntilAsync(FakeTimeProvider clock, Task task)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!task.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Delay(1, limit.Token);
        }

        await task;
    }
}
