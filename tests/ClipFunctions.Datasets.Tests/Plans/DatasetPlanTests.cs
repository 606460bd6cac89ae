using ClipFunctions.Datasets.Plans;
using CsCheck;

namespace ClipFunctions.Datasets.Tests.Plans;

public class DatasetPlanTests
{
    [Fact]
    public Task APlanDoesNotDependOnTheOrderOfListing() =>
        Gen.Select(TestPlans.Paths, Gen.Int).SampleAsync(
            async (paths, seed) =>
            {
                MemoryFiles files = MemoryFiles.Named(paths);
                string[] shuffled = [.. paths];
                new Random(seed).Shuffle(shuffled);

                DatasetPlan one = await files.PlanAsync();
                DatasetPlan other = await files.Reordered(shuffled).PlanAsync();

                Assert.Equal(one.Id, other.Id);
                Assert.Equal(one.Items, other.Items);
                Assert.Equal(await BytesAsync(one), await BytesAsync(other));
            },
            iter: 200);

    [Fact]
    public Task ItemsAreOrderedBySplitAndPathAndCounted() =>
        TestPlans.Paths.SampleAsync(
            async paths =>
            {
                DatasetPlan plan = await MemoryFiles.Named(paths).PlanAsync();

                Assert.Equal(plan.Items.OrderBy(item => item.Split).ThenBy(item => item.File.Name, StringComparer.Ordinal), plan.Items);
                Assert.Equal(plan.Classes.Order(StringComparer.Ordinal), plan.Classes);
                Assert.Equal(paths.Length, plan.Items.Count + plan.Faults.Total);
                foreach (DatasetSplit split in Enum.GetValues<DatasetSplit>())
                {
                    (int start, int end) = plan.RangeOf(split);
                    Assert.All(plan.Items.Take(start..end), item => Assert.Equal(split, item.Split));
                    Assert.Equal(end - start, plan.Counts.Total(split));
                    Assert.Equal(plan.Items.Take(start..end).Count(item => item.Label == 0), plan.Counts.Of(split)[0]);
                }
            },
            iter: 200);

    [Fact]
    public async Task TheOrderOfArchivesDoesNotMatterEither()
    {
        MemoryFiles files = new();
        for (int i = 0; i < 12; i++)
        {
            files[$"train-{i}.tar"] = Tars.Of(("a.jpg", $"A{i}"), ("a.cls", $"{i % 3}"), ("b.txt", "x"), ("c.jpg", "C"));
        }

        string[] ids = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(async seed =>
            {
                string[] names = [.. files.Names];
                new Random(seed).Shuffle(names);
                return Convert.ToHexString(await BytesAsync(await files.Reordered(names).PlanAsync()));
            }));

        Assert.Single(ids.Distinct());
    }

    [Fact]
    public async Task TheIdSeesWhateverMakesAnotherAnswer()
    {
        (string, string)[] files = [("train/cat/1.jpg", "A"), ("train/dog/1.jpg", "B"), ("test/cat/1.jpg", "C")];
        List<(string, string)[]> others =
        [
            files,
            [("train/cat/2.jpg", "A"), .. files[1..]],
            [("train/cat/1.jpg", "a"), .. files[1..]],
            [("test/cat/1.jpg", "A"), ("train/dog/1.jpg", "B"), ("train/cat/1.jpg", "C")],
            [.. files, ("test/cat/2.jpg", "C")],
            [("train/cats/1.jpg", "A"), ("train/dog/1.jpg", "B"), ("test/cats/1.jpg", "C")],
        ];

        string[] ids = await Task.WhenAll(others.Select(async other => (await MemoryFiles.Of(other).PlanAsync()).Id));

        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Equal(ids[0], (await MemoryFiles.Of([.. files, ("notes.txt", "")]).PlanAsync()).Id);
        Assert.Matches("^[0-9a-f]{64}$", ids[0]);
    }

    private static async Task<byte[]> BytesAsync(DatasetPlan plan)
    {
        using MemoryStream stream = new();
        await PlanFile.WriteAsync(plan, stream, TestContext.Current.CancellationToken);
        return stream.ToArray();
    }
}
