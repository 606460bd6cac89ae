using ClipFunctions.Datasets.Plans;
using CsCheck;

namespace ClipFunctions.Datasets.Tests.Plans;

public class SplitRuleTests
{
    [Fact]
    public Task EachClassGivesItsShare() =>
        Gen.Select(Gen.Int[1, 60].Array[2, 6], Gen.Double[0.01, 0.99], Gen.Int).SampleAsync(
            async (counts, share, seed) =>
            {
                DatasetPlan plan = await PlanAsync(counts, "train");
                DatasetSplit[] splits = new SplitRule { Share = share, Seed = seed }.Apply(plan);

                for (int label = 0; label < counts.Length; label++)
                {
                    int taken = Enumerable.Range(0, splits.Length).Count(i => plan.Items[i].Label == label && splits[i] == DatasetSplit.Validation);
                    Assert.Equal(Math.Min((int)Math.Round(counts[label] * share, MidpointRounding.AwayFromZero), counts[label] - 1), taken);
                }

                Assert.All(Enumerable.Range(0, splits.Length).Where(i => plan.Items[i].Split == DatasetSplit.Test), i => Assert.Equal(DatasetSplit.Test, splits[i]));
            },
            iter: 200);

    [Fact]
    public async Task TheDrawIsTheSameForASeedAndOnlyForIt()
    {
        DatasetPlan plan = await PlanAsync([100, 100], "train");

        Assert.Equal(new SplitRule { Seed = 1 }.Apply(plan), new SplitRule { Seed = 1 }.Apply(plan));
        Assert.NotEqual(new SplitRule { Seed = 1 }.Apply(plan), new SplitRule { Seed = 2 }.Apply(plan));

        // Pinned: a later version must draw the same.
        Assert.Equal(
            ["train/00/0011.jpg", "train/00/0037.jpg", "train/00/0055.jpg"],
            Drawn(plan, new SplitRule { Share = 0.03 }).Take(3));
    }

    [Fact]
    public async Task OtherPicturesDoNotChangeAPicturesRank()
    {
        DatasetPlan few = await PlanAsync([50, 20], "train");
        DatasetPlan more = await PlanAsync([50, 60], "train");

        Assert.Equal(
            Drawn(few, new SplitRule { Share = 0.2 }).Where(name => name.Contains("/00/", StringComparison.Ordinal)),
            Drawn(more, new SplitRule { Share = 0.2 }).Where(name => name.Contains("/00/", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("val")]
    [InlineData("test")]
    public async Task SplitsThatAreThereStay(string split)
    {
        DatasetPlan plan = await PlanAsync([5, 5], split);

        Assert.Equal(plan.Items.Select(item => item.Split), new SplitRule { Share = 0.5 }.Apply(plan));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void TheShareLiesBetweenNothingAndAll(double share) => Assert.Throws<ArgumentOutOfRangeException>(() => new SplitRule { Share = share });

    private static IEnumerable<string> Drawn(DatasetPlan plan, SplitRule rule) =>
        rule.Apply(plan).Zip(plan.Items).Where(pair => pair.First == DatasetSplit.Validation).Select(pair => pair.Second.Name);

    private static Task<DatasetPlan> PlanAsync(int[] counts, string split) =>
        MemoryFiles.Named(
        [
            .. counts.SelectMany((count, label) => Enumerable.Range(0, count).Select(i => $"{split}/{label:D2}/{i:D4}.jpg")),
            "test/00/x.jpg", "test/01/x.jpg",
            .. split == "val" ? (string[])["train/00/x.jpg", "train/01/x.jpg"] : [],
        ]).PlanAsync();
}
