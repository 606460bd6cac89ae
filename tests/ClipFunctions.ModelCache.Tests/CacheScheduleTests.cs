using System.Collections.Concurrent;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ClipFunctions.ModelCaching.Tests;

/// <summary>The cache with real models in random schedules of many users at once: leases, cancellations, faults of a source, unloading, idle time, a small budget.</summary>
public sealed class CacheScheduleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private enum Act
    {
        Use,
        UseAndKeep,
        GiveBack,
        LeaveEarly,
        FindOnly,
        Unload,
        LetTimePass,
        AskForNothing,
    }

    private enum Search
    {
        Finds,
        FindsSlowly,
        Fails,
        TimesOut,
    }

    [Fact]
    public async Task KeepsItsPromisesToManyAtOnce()
    {
        using DemoCopies copies = new(3);
        (float[] expected, long text) = await MeasureAsync(copies);
        long budgetMB = (text * 2 >> 20) + 1;
        Assert.True(text * 3 > budgetMB << 20);
        Gen<(Act, int)> step = Gen.Select(
            Gen.Frequency((5, Gen.Const(Act.Use)), (3, Gen.Const(Act.UseAndKeep)), (2, Gen.Const(Act.GiveBack)), (3, Gen.Const(Act.LeaveEarly)), (1, Gen.Const(Act.FindOnly)), (1, Gen.Const(Act.Unload)), (1, Gen.Const(Act.LetTimePass)), (1, Gen.Const(Act.AskForNothing))),
            Gen.Int[0, 1000]);
        await Gen.Select(step.Array[1, 8].Array[1, 5], Gen.Frequency((4, Gen.Const(Search.Finds)), (2, Gen.Const(Search.FindsSlowly)), (2, Gen.Const(Search.Fails)), (1, Gen.Const(Search.TimesOut))).Array[1, 6]).SampleAsync(
            (rounds, searches) => new Schedule(copies, searches, budgetMB, expected).RunAsync(rounds),
            iter: 40,
            threads: 1);
    }

    [Fact]
    public async Task TellsASourcesOwnTimeoutFromItsOwnEnd()
    {
        using DemoCopies copies = new(1);
        await using ModelCache cache = new([new MoodySource(copies, [Search.TimesOut, Search.Finds])], new ModelCacheOptions { CacheOptimizedGraphs = false }, NullLogger<ModelCache>.Instance);

        TimeoutException exception = await Assert.ThrowsAsync<TimeoutException>(() => cache.LeaseAsync("demo-a", Token));

        Assert.Contains("demo-a", exception.Message, StringComparison.Ordinal);
        (await cache.LeaseAsync("demo-a", Token)).Dispose();
    }

    private static async Task<(float[] Vector, long TextBytes)> MeasureAsync(DemoCopies copies)
    {
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(copies.FolderOf(copies.Ids[0])), new ClipModelOptions { Preload = ModelTowers.Text }, Token);
        return (model.EncodeText(["a cat"], cancellationToken: Token)[0].ToArray(), model.MemoryBytes);
    }

    private sealed class Schedule(DemoCopies copies, Search[] searches, long budgetMB, float[] expected)
    {
        private readonly MoodySource _source = new(copies, searches);
        private readonly FakeTimeProvider _time = new();
        private readonly ConcurrentBag<(string Id, ModelLease Lease)> _kept = [];
        private readonly ConcurrentDictionary<ClipModel, int> _seen = new();
        private readonly ConcurrentDictionary<string, int> _unloaded = new(StringComparer.Ordinal);

        public async Task RunAsync((Act Act, int Which)[][] rounds)
        {
            ModelCache cache = new(
                [_source],
                new ModelCacheOptions { CacheOptimizedGraphs = false, MemoryBudgetMB = budgetMB, IdleMinutes = 10, Model = new ClipModelOptions { Preload = ModelTowers.Text } },
                NullLogger<ModelCache>.Instance,
                _time);
            foreach ((Act Act, int Which)[] round in rounds)
            {
                await Task.WhenAll(round.Select(step => Task.Run(() => StepAsync(cache, step.Act, step.Which)))).WaitAsync(Patience);
                await QuietAsync(cache);
            }

            (string Id, ModelLease Lease)[] kept = [.. _kept];
            Array.ForEach(kept, held => Assert.Equal(expected, held.Lease.Model.EncodeText(["a cat"], cancellationToken: Token)[0].ToArray()));
            Task disposing = cache.DisposeAsync().AsTask();
            Assert.True(kept.Length == 0 || !disposing.IsCompleted);
            Array.ForEach(kept, held => held.Lease.Dispose());
            await disposing.WaitAsync(Patience);
            Assert.All(_seen.Keys, model => Assert.Throws<ObjectDisposedException>(() => model.Load(ModelTowers.Text, Token)));
            Assert.All(_seen.Keys, model => Assert.Equal(0, model.MemoryBytes));
            Assert.Empty(_source.Faults);
            Assert.Equal(0, _source.Active);
        }

        /// <summary>Nothing is under way: what holds now holds without any doubt of timing.</summary>
        private async Task QuietAsync(ModelCache cache)
        {
            using CancellationTokenSource limit = new(Patience);
            while (_source.Active > 0)
            {
                await Task.Delay(1, limit.Token);
            }

            // Loads whose callers have left go on, and are given back when they end.
            IReadOnlyList<LoadedModel> loaded = cache.LoadedModels;
            Assert.Equal(loaded.Count, loaded.Select(model => model.Id).Distinct().Count());
            Assert.All(loaded, model => Assert.Equal(_kept.Count(held => held.Id == model.Id && IsCurrent(cache, held)), model.Leases));
            Assert.All(_kept.Where(held => !_unloaded.ContainsKey(held.Id)), held => Assert.True(IsCurrent(cache, held), $"{held.Id} was taken out while it was in use."));
            int unused = loaded.Count(model => model.Leases == 0 && model.Bytes > 0);
            if (loaded.Sum(model => model.Bytes) > budgetMB << 20)
            {
                Assert.True(unused == 0 || loaded.Count == 1, $"{unused} models that nobody uses stay beyond the budget.");
            }

            Assert.All(_kept, held => Assert.Equal(expected, held.Lease.Model.EncodeText(["a cat"], cancellationToken: Token)[0].ToArray()));
        }

        // A model that was unloaded while it was in use, and loaded anew, is there twice: its old lease is not the new one's.
        private static bool IsCurrent(ModelCache cache, (string Id, ModelLease Lease) held)
        {
            if (cache.LoadedModels.All(model => model.Id != held.Id))
            {
                return false;
            }

            Task<ModelLease> now = cache.LeaseAsync(held.Id, Token);
            Assert.True(now.IsCompletedSuccessfully);
            using ModelLease current = now.Result;
            return ReferenceEquals(current.Model, held.Lease.Model);
        }

        private async Task StepAsync(ModelCache cache, Act act, int which)
        {
            string id = copies.Ids[which % copies.Ids.Count];
            for (int pause = which % 7; pause > 0; pause--)
            {
                await Task.Yield();
            }

            switch (act)
            {
                case Act.Use or Act.UseAndKeep:
                    ModelLease lease;
                    try
                    {
                        lease = await cache.LeaseAsync(id, Token);
                    }
                    catch (Exception exception) when (exception is InvalidDataException or TimeoutException)
                    {
                        Assert.True(_source.HasFailed(id, exception), $"{id} was told of a failure that there was not: {exception.Message}");
                        break;
                    }

                    Use(id, lease);
                    if (act == Act.UseAndKeep)
                    {
                        _kept.Add((id, lease));
                    }
                    else
                    {
                        lease.Dispose();
                    }

                    break;
                case Act.GiveBack:
                    if (_kept.TryTake(out (string Id, ModelLease Lease) held))
                    {
                        Use(held.Id, held.Lease);
                        held.Lease.Dispose();
                    }

                    break;
                case Act.LeaveEarly:
                    using (CancellationTokenSource impatient = new())
                    {
                        Task<ModelLease> asked = cache.LeaseAsync(id, impatient.Token);
                        await Task.Delay(which % 15, Token);
                        await impatient.CancelAsync();
                        try
                        {
                            (await asked).Dispose();
                        }
                        catch (OperationCanceledException exception)
                        {
                            Assert.Equal(impatient.Token, exception.CancellationToken);
                        }
                        catch (Exception exception) when (exception is InvalidDataException or TimeoutException)
                        {
                            Assert.True(_source.HasFailed(id, exception));
                        }
                    }

                    break;
                case Act.FindOnly:
                    try
                    {
                        Assert.Equal(id, (await cache.FindBundleAsync(new ModelRequest(id), null, Token)).Id);
                    }
                    catch (Exception exception) when (exception is InvalidDataException or TimeoutException)
                    {
                        Assert.True(_source.HasFailed(id, exception));
                    }

                    break;
                case Act.Unload:
                    _unloaded.TryAdd(id, 0);
                    cache.Unload(id);
                    break;
                case Act.LetTimePass:
                    _time.Advance(TimeSpan.FromMinutes(which % 12));
                    break;
                default:
                    await Assert.ThrowsAsync<ModelNotFoundException>(() => cache.LeaseAsync("nothing", Token));
                    break;
            }
        }

        private void Use(string id, ModelLease lease)
        {
            ClipModel model = lease.Model;
            _seen.TryAdd(model, 0);
            Assert.Equal(id, model.Bundle.Id);
            Assert.Equal(expected, model.EncodeText(["a cat"], cancellationToken: Token)[0].ToArray());
        }
    }

    /// <summary>Real bundles, found by a list of moods, over and over; sees to it that nothing is searched for twice at a time.</summary>
    private sealed class MoodySource(DemoCopies copies, Search[] moods) : IModelSource
    {
        private readonly ConcurrentDictionary<string, CancellationToken> _active = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<(string Id, Type Fault), int> _failures = new();
        private int _searches = -1;
        private int _running;

        public ConcurrentQueue<string> Faults { get; } = new();

        public int Active => Volatile.Read(ref _running);

        public string Name => "moody";

        public bool HasFailed(string id, Exception exception) => _failures.ContainsKey((id, exception.GetType()));

        public Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ModelListing>>([.. copies.Ids.Select(id => new ModelListing { Id = id, Source = Name })]);

        public async Task<ModelBundle?> FindAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
        {
            if (!copies.Ids.Contains(request.Id))
            {
                return null;
            }

            Interlocked.Increment(ref _running);
            if (_active.TryGetValue(request.Id, out CancellationToken other) && !other.IsCancellationRequested)
            {
                Faults.Enqueue($"{request.Id} is searched for twice at a time.");
            }

            _active[request.Id] = cancellationToken;
            try
            {
                switch (moods[(Interlocked.Increment(ref _searches) & int.MaxValue) % moods.Length])
                {
                    case Search.FindsSlowly:
                        await Task.Delay(5, cancellationToken);
                        break;
                    case Search.Fails:
                        await Task.Yield();
                        _failures.TryAdd((request.Id, typeof(InvalidDataException)), 0);
                        throw new InvalidDataException("This search failed.");
                    case Search.TimesOut:
                        await Task.Delay(2, cancellationToken);
                        _failures.TryAdd((request.Id, typeof(TimeoutException)), 0);
                        throw new TaskCanceledException("The operation was cancelled because it exceeded the configured timeout.");
                    default:
                        break;
                }

                return ModelBundle.Open(copies.FolderOf(request.Id));
            }
            finally
            {
                _active.TryRemove(new KeyValuePair<string, CancellationToken>(request.Id, cancellationToken));
                Interlocked.Decrement(ref _running);
            }
        }
    }
}
