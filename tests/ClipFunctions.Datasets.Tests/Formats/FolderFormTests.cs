using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Tests.Formats;

public class FolderFormTests
{
    [Fact]
    public async Task SplitsAndClassesAreFolders()
    {
        MemoryFiles files = MemoryFiles.Named("train/cat/2.jpg", "train/cat/1.jpg", "train/dog/a.PNG", "val/cat/3.webp", "test/dog/4.gif", "test/cat/5.bmp");

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(DatasetFormat.Folder, plan.Format);
        Assert.Equal(["cat", "dog"], plan.Classes);
        Assert.Equal(
            [
                "Train cat train/cat/1.jpg", "Train cat train/cat/2.jpg", "Train dog train/dog/a.PNG",
                "Validation cat val/cat/3.webp", "Test cat test/cat/5.bmp", "Test dog test/dog/4.gif",
            ],
            plan.Lines());
        Assert.Equal([2, 1], plan.Counts.Train);
        Assert.Equal([1, 0], plan.Counts.Validation);
        Assert.Equal(2, plan.Counts.Total(DatasetSplit.Test));
        Assert.Equal((3, 4), plan.RangeOf(DatasetSplit.Validation));
        Assert.Equal(0, plan.Faults.Total);
    }

    [Fact]
    public async Task WithoutSplitsAllIsTest()
    {
        DatasetPlan plan = await MemoryFiles.Named("dog/1.jpg", "cat/1.jpg", "cat/deeper/2.jpg").PlanAsync();

        Assert.Equal(["Test cat cat/1.jpg", "Test cat cat/deeper/2.jpg", "Test dog dog/1.jpg"], plan.Lines());
    }

    [Theory]
    [InlineData("valid", DatasetSplit.Validation)]
    [InlineData("Validation", DatasetSplit.Validation)]
    [InlineData("VAL", DatasetSplit.Validation)]
    [InlineData("Test", DatasetSplit.Test)]
    [InlineData("TRAIN", DatasetSplit.Train)]
    public async Task SplitsAreKnownByTheirUsualNames(string name, DatasetSplit split)
    {
        DatasetPlan plan = await MemoryFiles.Named($"{name}/cat/1.jpg", $"{name}/dog/1.jpg").PlanAsync();

        Assert.All(plan.Items, item => Assert.Equal(split, item.Split));
    }

    [Fact]
    public async Task AClassMayHaveASplitsName()
    {
        DatasetPlan plan = await MemoryFiles.Named("train/1.jpg", "bus/1.jpg", "bus/old/2.jpg", "train/old/3.jpg").PlanAsync();

        Assert.Equal(["Test bus bus/1.jpg", "Test bus bus/old/2.jpg", "Test train train/1.jpg", "Test train train/old/3.jpg"], plan.Lines());
    }

    [Fact]
    public async Task AFolderAroundAllOfItDoesNotMatter()
    {
        DatasetPlan plan = await MemoryFiles.Named("pets/v1/train/cat/1.jpg", "pets/v1/train/dog/1.jpg", "pets/v1/test/cat/2.jpg", "read me.txt", "cover.jpg").PlanAsync();

        Assert.Equal(["Train cat pets/v1/train/cat/1.jpg", "Train dog pets/v1/train/dog/1.jpg", "Test cat pets/v1/test/cat/2.jpg"], plan.Lines());
        Assert.Equal(["UnknownSplit cover.jpg", "UnknownExtension read me.txt"], plan.FaultLines());
    }

    [Fact]
    public async Task WhatIsNoItemIsCountedAndListed()
    {
        MemoryFiles files = MemoryFiles.Named(
            "train/cat/1.jpg", "train/dog/1.jpg", "test/cat/2.jpg",
            "test/bird/1.jpg", "test/3.jpg", "extra/cat/4.jpg", "train/cat/notes.txt", "train/cat/.DS_Store", "__MACOSX/train/cat/._1.jpg", "train/ /5.jpg", "train/cat/noextension");
        files["train/cat/empty.jpg"] = [];

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(3, plan.Items.Count);
        Assert.Equal(
            [
                "Hidden __MACOSX/train/cat/._1.jpg",
                "UnknownSplit extra/cat/4.jpg",
                "NoLabel test/3.jpg",
                "ClassNotInTrain test/bird/1.jpg",
                "EmptyLabel train/ /5.jpg",
                "Hidden train/cat/.DS_Store",
                "Empty train/cat/empty.jpg",
                "UnknownExtension train/cat/noextension",
                "UnknownExtension train/cat/notes.txt",
            ],
            plan.FaultLines());
        Assert.Equal(9, plan.Faults.Total);
        Assert.Equal(2, plan.Faults.Count(DatasetFaultReason.UnknownExtension));
        Assert.Equal(0, plan.Faults.Count(DatasetFaultReason.BrokenLine));
    }

    [Fact]
    public async Task TheListOfFaultsIsBoundedAndTheFirstByName()
    {
        MemoryFiles files = MemoryFiles.Named([.. Enumerable.Range(0, 50).Select(i => $"cat/{(i * 7) % 50:D2}.txt"), "cat/1.jpg", "dog/1.jpg"]);

        DatasetPlan plan = await DatasetPlanner.PlanAsync(files, new DatasetOptions { MaxListedFaults = 3 }, null, TestContext.Current.CancellationToken);

        Assert.Equal(50, plan.Faults.Total);
        Assert.Equal(["UnknownExtension cat/00.txt", "UnknownExtension cat/01.txt", "UnknownExtension cat/02.txt"], plan.FaultLines());
    }

    [Fact]
    public async Task NothingIsNoDataSet() => Assert.Contains("there is nothing", await new MemoryFiles().FailureAsync(), StringComparison.Ordinal);

    [Fact]
    public async Task PicturesWithoutClassesAreNoDataSet()
    {
        string message = await MemoryFiles.Named("1.jpg", "2.jpg", "a.txt").FailureAsync();

        Assert.Contains("no picture with a label", message, StringComparison.Ordinal);
        Assert.Contains("2 NoLabel, 1 UnknownExtension", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneClassIsNoDataSet()
    {
        string message = await MemoryFiles.Named("cat/1.jpg", "cat/2.jpg").FailureAsync();

        Assert.Contains("all 2 pictures are of the class 'cat'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooManyPicturesAreRefused()
    {
        MemoryFiles files = MemoryFiles.Named("cat/1.jpg", "cat/2.jpg", "dog/1.jpg");

        InvalidDatasetException exception = await Assert.ThrowsAsync<InvalidDatasetException>(
            () => DatasetPlanner.PlanAsync(files, new DatasetOptions { MaxItems = 2 }, null, TestContext.Current.CancellationToken));

        Assert.Contains("more than 2 pictures", exception.Message, StringComparison.Ordinal);
    }
}
