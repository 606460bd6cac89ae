using System.Collections.Concurrent;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Tests;

public sealed class MemoryBudgetTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ServesAHundredLeasesOfFourModelsUnderABudgetForTwo(int seed)
    {
        using DemoCopies copies = new(4);
        float[] expected = await ExpectedAsync(copies);
        ConcurrentDictionary<string, int> live = new();
        ConcurrentQueue<string> doubles = new();
        RecordingLogger logger = new(message =>
        {
            string[] words = message.Split(' ');
            int now = (words[0], words[1]) switch
            {
                ("Loaded", "model") => live.AddOrUpdate(words[2], 1, static (_, count) => count + 1),
                ("Unloading", "model") => live.AddOrUpdate(words[2], 0, static (_, count) => count - 1),
                _ => 0,
            };
            if (now > 1)
            {
                doubles.Enqueue(message);
            }
        });
        long budgetMB = (await SizeAsync(copies) * 2 >> 20) + 1;
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { MemoryBudgetMB = budgetMB }, logger);

        for (int round = 0; round < 2; round++)
        {
            Random random = new((seed * 100) + round);
            string[] wanted = [.. Enumerable.Range(0, 100).Select(_ => copies.Ids[random.Next(4)])];
            await Task.WhenAll(wanted.Select((id, i) => Task.Run(
                async () =>
                {
                    await Task.Delay(i % 5 * 10, Token);
                    using ModelLease lease = await cache.LeaseAsync(id, Token);
                    Assert.Equal(id, lease.Model.Bundle.Id);
                    Assert.Equal(expected, lease.Model.EncodeText(["a cat"], cancellationToken: Token)[0].ToArray());
                    if (i % 10 == 0)
                    {
                        lease.Model.EncodeImage(new byte[lease.Model.Preprocessor.PixelCount], 1, Token);
                    }
                },
                Token)));

            IReadOnlyList<LoadedModel> loaded = cache.LoadedModels;
            Assert.InRange(loaded.Sum(model => model.Bytes), 1, budgetMB << 20);
            Assert.All(loaded, model => Assert.Equal(0, model.Leases));
        }

        Assert.Empty(doubles);
    }

    [Fact]
    public async Task EvictsTheModelNotUsedForLongest()
    {
        using DemoCopies copies = new(3);
        long budgetMB = (await SizeAsync(copies) * 2 >> 20) + 1;
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { MemoryBudgetMB = budgetMB, Model = Both });

        foreach (string id in (string[])["demo-a", "demo-b", "demo-a", "demo-c"])
        {
            (await cache.LeaseAsync(id, Token)).Dispose();
        }

        Assert.Equal(["demo-a", "demo-c"], cache.LoadedModels.Select(model => model.Id));
    }

    [Fact]
    public async Task NeverEvictsALeasedModelAndWarnsOnce()
    {
        using DemoCopies copies = new(3);
        RecordingLogger logger = new();
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { MemoryBudgetMB = 1, Model = Both }, logger);

        ModelLease[] leases = await Task.WhenAll(copies.Ids.Select(id => cache.LeaseAsync(id, Token)));
        int loaded = cache.LoadedModels.Count;
        int[] encoded = [.. leases.Select(lease => lease.Model.EncodeText(["a cat"], cancellationToken: Token).Count)];
        Array.ForEach(leases, lease => lease.Dispose());

        Assert.Equal(3, loaded);
        Assert.Equal([1, 1, 1], encoded);
        Assert.Single(logger.Warnings);

        // One that alone is larger than the budget stays until another is wanted.
        Assert.Equal("demo-c", Assert.Single(cache.LoadedModels).Id);
        using ModelLease again = await cache.LeaseAsync("demo-c", Token);
        Assert.Equal(1, again.Model.EncodeText(["a cat"], cancellationToken: Token).Count);
    }

    [Fact]
    public async Task KeepsAModelLargerThanTheBudgetUntilAnotherIsWanted()
    {
        using DemoCopies copies = new(2);
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { MemoryBudgetMB = 1, Model = Both });

        ClipModel first;
        using (ModelLease lease = await cache.LeaseAsync("demo-a", Token))
        {
            first = lease.Model;
        }

        using (ModelLease lease = await cache.LeaseAsync("demo-a", Token))
        {
            Assert.Same(first, lease.Model);
        }

        using (await cache.LeaseAsync("demo-b", Token))
        {
        }

        Assert.Equal("demo-b", Assert.Single(cache.LoadedModels).Id);
    }

    [Fact]
    public async Task CountsATowerOnlyWhenItIsLoadedAndMakesRoomForItFirst()
    {
        using DemoCopies copies = new(2);
        long whole = await SizeAsync(copies);
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { MemoryBudgetMB = (whole >> 20) + 1 });

        using ModelLease first = await cache.LeaseAsync("demo-a", Token);
        Assert.Equal(0, first.Model.MemoryBytes);
        first.Model.EncodeText(["a cat"], cancellationToken: Token);
        long text = first.Model.MemoryBytes;
        Assert.InRange(text, 1, whole / 2);

        using (ModelLease second = await cache.LeaseAsync("demo-b", Token))
        {
            second.Model.EncodeText(["a cat"], cancellationToken: Token);
        }

        Assert.Equal(text * 2, cache.LoadedModels.Sum(model => model.Bytes));
        int loadedThen = 0;
        first.Model.TowerLoading += (_, _) => loadedThen = cache.LoadedModels.Count;
        first.Model.Load(ModelTowers.Vision, Token);

        Assert.Equal(1, loadedThen);
        LoadedModel only = Assert.Single(cache.LoadedModels);
        Assert.Equal(("demo-a", ModelTowers.Both, whole, 1), (only.Id, only.Towers, only.Bytes, only.Leases));
    }

    [Fact]
    public async Task KeepsItsPromisesInAnySchedule()
    {
        using DemoCopies copies = new(3);
        long budgetMB = (await SizeAsync(copies) * 2 >> 20) + 1;
        float[] expected = await ExpectedAsync(copies);

        // What to do, and with which model or lease.
        Gen<(int Action, int Which)[]> schedules = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1000]).Array[1, 25];
        await schedules.SampleAsync(
            async schedule =>
            {
                ModelCache cache = Cache(copies, new ModelCacheOptions { MemoryBudgetMB = budgetMB, Model = Both });
                List<(string Id, ModelLease Lease)> held = [];
                HashSet<ClipModel> seen = [];
                foreach ((int action, int which) in schedule)
                {
                    string id = copies.Ids[which % copies.Ids.Count];
                    switch (action)
                    {
                        case <= 4:
                            ModelLease lease = await cache.LeaseAsync(id, Token);
                            held.Add((id, lease));
                            seen.Add(lease.Model);
                            break;
                        case <= 7 when held.Count > 0:
                            held[which % held.Count].Lease.Dispose();
                            held.RemoveAt(which % held.Count);
                            break;
                        case 8:
                            bool there = cache.LoadedModels.Any(model => model.Id == id);
                            Assert.Equal(there, cache.Unload(id));
                            break;
                        case 9:
                            using (CancellationTokenSource impatient = new())
                            {
                                Task<ModelLease> asked = cache.LeaseAsync(id, impatient.Token);
                                await impatient.CancelAsync();
                                try
                                {
                                    (await asked).Dispose();
                                }
                                catch (OperationCanceledException)
                                {
                                    // As may be: it was quicker or not.
                                }
                            }

                            break;
                        default:
                            break;
                    }

                    IReadOnlyList<LoadedModel> loaded = cache.LoadedModels;
                    Assert.Equal(loaded.Count, loaded.Select(model => model.Id).Distinct().Count());
                    Assert.All(loaded, model => Assert.InRange(model.Leases, 0, held.Count(lease => lease.Id == model.Id)));
                    Assert.All(held, lease => Assert.Equal(lease.Id, lease.Lease.Model.Bundle.Id));
                    if (held.Count == 0 && action != 9)
                    {
                        Assert.InRange(loaded.Sum(model => model.Bytes), 0, budgetMB << 20);
                    }
                }

                foreach ((_, ModelLease lease) in held.DistinctBy(lease => lease.Lease.Model))
                {
                    Assert.Equal(expected, lease.Model.EncodeText(["a cat"], cancellationToken: Token)[0].ToArray());
                }

                Task disposing = cache.DisposeAsync().AsTask();
                Assert.True(held.Count == 0 || !disposing.IsCompleted);
                held.ForEach(lease => lease.Lease.Dispose());
                await disposing.WaitAsync(TimeSpan.FromSeconds(30), Token);
                Assert.All(seen, model => Assert.Throws<ObjectDisposedException>(() => model.Load(ModelTowers.Text, Token)));
                Assert.All(seen, model => Assert.Equal(0, model.MemoryBytes));
            },
            iter: 25,
            threads: 1);
    }

    private static ClipModelOptions Both => new() { Preload = ModelTowers.Both };

    private static ModelCache Cache(DemoCopies copies, ModelCacheOptions options, RecordingLogger? logger = null)
        => new([new DirectoryModelSource("copies", copies.Root)], options with { CacheOptimizedGraphs = false }, logger ?? (Microsoft.Extensions.Logging.ILogger<ModelCache>)NullLogger<ModelCache>.Instance);

    private static async Task<long> SizeAsync(DemoCopies copies)
    {
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(copies.FolderOf(copies.Ids[0])), Both, Token);
        return model.MemoryBytes;
    }

    private static async Task<float[]> ExpectedAsync(DemoCopies copies)
    {
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(copies.FolderOf(copies.Ids[0])), cancellationToken: Token);
        return model.EncodeText(["a cat"], cancellationToken: Token)[0].ToArray();
    }
}
