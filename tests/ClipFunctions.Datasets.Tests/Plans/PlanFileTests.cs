using System.Text;
using ClipFunctions.Datasets.Plans;
using CsCheck;

namespace ClipFunctions.Datasets.Tests.Plans;

public class PlanFileTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task APlanSurvivesWritingAndReading()
    {
        MemoryFiles files = new() { Origin = "sets/\"pets\"" };
        files["train.tar"] = Tars.Of(("a.jpg", "A"), ("a.cls", "7"), ("ü \"b\".png", "BB"), ("ü \"b\".cls", "8"), ("x.npy", ""));
        files["test.tgz"] = MemoryFiles.Gzip(Tars.Of(("a.jpg", "C"), ("a.cls", "8"), ("b.jpg", "D"), ("b.cls", "7")));
        foreach (DatasetPlan plan in new[] { await files.PlanAsync(), await MemoryFiles.Named("cat/1.jpg", "dog/2.jpg", "x.txt").PlanAsync(), await CifarAsync() })
        {
            byte[] written = await WriteAsync(plan);
            DatasetPlan read = await ReadAsync(written);

            Assert.Equal((plan.Id, plan.Origin, plan.Format), (read.Id, read.Origin, read.Format));
            Assert.Equal(plan.Classes, read.Classes);
            Assert.Equal(plan.Items, read.Items);
            Assert.Equal(plan.Faults.Total, read.Faults.Total);
            Assert.Equal(plan.Faults.Listed, read.Faults.Listed);
            Assert.Equal(plan.Faults.Counts, read.Faults.Counts);
            Assert.Equal(plan.Counts.Test, read.Counts.Test);
            Assert.Equal(written, await WriteAsync(read));
        }
    }

    [Fact]
    public async Task LinesSayNoMoreThanTheyMust()
    {
        MemoryFiles files = MemoryFiles.Named("cat/1.jpg", "dog/2.jpg");

        string[] lines = Encoding.UTF8.GetString(await WriteAsync(await files.PlanAsync())).Split('\n');

        Assert.Equal($$"""{"split":"test","label":0,"name":"cat/1.jpg","size":17,"etag":{{System.Text.Json.JsonSerializer.Serialize(files.File("cat/1.jpg").ETag).Replace("\\u0022", "\\\"", StringComparison.Ordinal)}}}""", lines[1]);
        Assert.Equal("", lines[3]);
    }

    [Fact]
    public async Task AShardsFileHasItsItemsAndItsPlace()
    {
        DatasetPlan plan = await TestPlans.LooseAsync(30, 10);
        IReadOnlyList<DatasetShard> shards = new ShardRule { MinItems = 8, MaxItems = 8 }.Cut(plan);
        List<DatasetItem> items = [];
        foreach (DatasetShard shard in shards)
        {
            using MemoryStream stream = new();
            await PlanFile.WriteShardAsync(plan, shard, stream, Token);
            stream.Position = 0;
            using PlanReader reader = await PlanReader.OpenAsync(stream, "shard", Token);
            Assert.Equal((plan.Id, shard.First, shard.Count, plan.Items.Count), (reader.Header.Id, reader.Header.First, reader.Header.Count, reader.Header.Total));
            await foreach (DatasetItem item in reader.ReadItemsAsync(Token))
            {
                items.Add(item);
            }

            stream.Position = 0;
            await Assert.ThrowsAsync<InvalidDatasetException>(() => PlanFile.ReadAsync(stream, "shard", Token));
        }

        Assert.Equal(plan.Items, items);
    }

    [Fact]
    public async Task AChangedPlanIsNoPlan()
    {
        byte[] written = await WriteAsync(await CifarAsync());
        await Gen.Select(Gen.Int[0, written.Length - 1], Gen.Byte, Gen.Int[0, 3]).SampleAsync(
            async (at, value, how) =>
            {
                byte[] changed = how switch
                {
                    0 => [.. written[..at], value, .. written[(at + 1)..]],
                    1 => written[..at],
                    2 => [.. written[..at], .. written[Math.Min(at + value, written.Length)..]],
                    _ => [.. written[..at], value, .. written[at..]],
                };
                try
                {
                    DatasetPlan plan = await ReadAsync(changed);

                    // What does not count for the id (origin, faults, the last line feed) may differ.
                    Assert.Equal((await CifarAsync()).Id, plan.Id);
                }
                catch (InvalidDatasetException)
                {
                }
            },
            iter: 5000);
    }

    [Theory]
    [InlineData("\"total\":3", "\"total\":2000000000", "part")]
    [InlineData("\"count\":3", "\"count\":4", "contradicts")]
    [InlineData("\"schema\":1", "\"schema\":2", "schema 2")]
    [InlineData("\"label\":1", "\"label\":9", "line 3")]
    [InlineData("\"label\":1", "\"label\":0", "id")]
    [InlineData("\"split\":\"test\",\"label\":2", "\"split\":\"train\",\"label\":2", "order|id")]
    public async Task WhatIsWrongIsTold(string text, string other, string told)
    {
        DatasetPlan plan = await MemoryFiles.Named("train/a/1.jpg", "train/b/1.jpg", "train/c/2.jpg", "test/c/1.jpg").PlanAsync();
        string written = Encoding.UTF8.GetString(await WriteAsync(await MemoryFiles.Named("a/1.jpg", "b/1.jpg", "c/1.jpg").PlanAsync()));
        Assert.Contains(text, written, StringComparison.Ordinal);
        Assert.Equal(4, plan.Items.Count);

        InvalidDatasetException exception = await Assert.ThrowsAsync<InvalidDatasetException>(
            () => ReadAsync(Encoding.UTF8.GetBytes(written.Replace(text, other, StringComparison.Ordinal))));

        Assert.Matches(told, exception.Message);
    }

    private static async Task<DatasetPlan> CifarAsync()
    {
        MemoryFiles files = new();
        files["c/test_batch.bin"] = [1, .. new byte[3072], 0, .. new byte[3072], 2, .. new byte[3072]];
        files["c/batches.meta.txt"] = "a\nb\nc\nd\n"u8.ToArray();
        return await files.PlanAsync();
    }

    private static async Task<byte[]> WriteAsync(DatasetPlan plan)
    {
        using MemoryStream stream = new();
        await PlanFile.WriteAsync(plan, stream, Token);
        return stream.ToArray();
    }

    private static Task<DatasetPlan> ReadAsync(byte[] bytes) => PlanFile.ReadAsync(new MemoryStream(bytes), "plan.jsonl", Token);
}
