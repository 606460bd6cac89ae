using ClipFunctions.Datasets.Plans;
using CsCheck;

namespace ClipFunctions.Datasets.Tests.Plans;

public class ShardRuleTests
{
    [Fact]
    public async Task LoosePicturesMakeShardsOfTheLeastSize()
    {
        DatasetPlan plan = await TestPlans.LooseAsync(5000, 700);

        Assert.Equal(
            [(0, 0, 1024), (1, 1024, 1024), (2, 2048, 1024), (3, 3072, 1928), (4, 5000, 700)],
            ShardRule.Default.Cut(plan).Select(shard => (shard.Index, shard.First, shard.Count)));
    }

    [Fact]
    public Task ShardsPartitionTheItemsAndKeepArchivesWhole() =>
        Gen.Select(Gen.Int[1, 40].Array[1, 12], Gen.Int[1, 12].Array[0, 6], Gen.Int[1, 12], Gen.Int[1, 30]).SampleAsync(
            async (train, test, least, more) =>
            {
                DatasetPlan plan = await ArchivesAsync(train, test);
                ShardRule rule = new() { MinItems = least, MaxItems = least + more };

                IReadOnlyList<DatasetShard> shards = rule.Cut(plan);

                Assert.Equal(Enumerable.Range(0, shards.Count), shards.Select(shard => shard.Index));
                int next = 0;
                foreach (DatasetShard shard in shards)
                {
                    Assert.Equal(next, shard.First);
                    Assert.InRange(shard.Count, 1, rule.MaxItems);
                    Assert.All(plan.ItemsOf(shard), item => Assert.Equal(shard.Split, item.Split));
                    next += shard.Count;
                }

                Assert.Equal(plan.Items.Count, next);
                foreach (IGrouping<(DatasetSplit, string), DatasetItem> file in plan.Items.GroupBy(item => (item.Split, item.File.Name)))
                {
                    int within = shards.Count(shard => plan.ItemsOf(shard).Any(item => (item.Split, item.File.Name) == file.Key));
                    Assert.Equal((file.Count() + rule.MaxItems - 1) / rule.MaxItems, within);
                }

                Assert.Equal(shards, rule.Cut(plan));
            },
            iter: 200);

    [Fact]
    public async Task ALeastSizeAboveTheGreatestIsAnError()
    {
        DatasetPlan plan = await TestPlans.LooseAsync(3, 3);

        Assert.Throws<InvalidOperationException>(() => new ShardRule { MinItems = 5, MaxItems = 4 }.Cut(plan));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ShardRule { MinItems = 0 });
    }

    /// <summary>A plan of archives with so many pictures in each.</summary>
    private static Task<DatasetPlan> ArchivesAsync(int[] train, int[] test)
    {
        MemoryFiles files = new();
        foreach ((string split, int[] counts) in new[] { ("train", train), ("test", test) })
        {
            for (int i = 0; i < counts.Length; i++)
            {
                files[$"{split}/{i:D2}.tar"] = Tars.Of([.. Enumerable.Range(0, counts[i]).Select(picture => ($"{(picture % 2 == 0 ? "cat" : "dog")}/{picture:D3}.jpg", "x"))]);
            }
        }

        files["train/zz.tar"] = Tars.Of(("cat/x.jpg", "x"), ("dog/x.jpg", "y"));
        return files.PlanAsync();
    }
}
