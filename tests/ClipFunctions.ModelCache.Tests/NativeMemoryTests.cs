using ClipFunctions.Clip.Inference;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Tests;

/// <summary>Alone, because it looks at the memory of the whole process.</summary>
[CollectionDefinition(nameof(NativeMemoryTests), DisableParallelization = true)]
[Collection(nameof(NativeMemoryTests))]
public sealed class NativeMemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GivesTheMemoryOfEvictedModelsBack()
    {
        using DemoCopies copies = new(2);
        ModelCacheOptions options = new() { MemoryBudgetMB = 1, Model = new ClipModelOptions { Preload = ModelTowers.Both }, CacheOptimizedGraphs = false };
        await using ModelCache cache = new([new DirectoryModelSource("copies", copies.Root)], options, NullLogger<ModelCache>.Instance);
        async Task CycleAsync(int times)
        {
            for (int i = 0; i < times; i++)
            {
                using ModelLease lease = await cache.LeaseAsync(copies.Ids[i % 2], Token);
                lease.Model.EncodeText(["a cat"], cancellationToken: Token);
            }
        }

        await CycleAsync(10);
        long before = Environment.WorkingSet;
        await CycleAsync(40);

        // Kept, forty models would be 600 MB.
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 150 << 20);
    }
}
