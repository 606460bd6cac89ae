using ClipFunctions.ModelCaching.Downloads;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

public sealed class FullDiskTests
{
    private static int Size => PublishedModel.Bytes.Length;

    [Fact]
    public async Task SeesBeforeTheDownloadThatTheDiskIsTooSmall()
    {
        using SmallDisk disk = SmallDisk.Mount(Size / 2);
        await using PublishedModel model = await PublishedModel.StartAsync();

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(PublishedModel.Entry(), options: Options(disk)));

        Assert.Equal(DownloadFault.DiskFull, exception.Fault);
        Assert.Contains($"{disk.Free}", exception.Actual, StringComparison.Ordinal);
        Assert.Contains("Clip:CacheDirectory", exception.Message, StringComparison.Ordinal);
        Assert.Empty(model.Server.Bodies(PublishedModel.Checkpoint));
        Assert.Empty(Bundles(disk));
    }

    [Fact]
    public async Task CountsTheBundleWhereTheCatalogueTellsTheParameters()
    {
        using SmallDisk disk = SmallDisk.Mount(Size + (Size / 2) + (1 << 20));
        await using PublishedModel model = await PublishedModel.StartAsync();

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(
            () => model.PullAsync(PublishedModel.Entry() with { ParametersMillions = Size / 4e6 }, options: Options(disk)));

        Assert.Equal(DownloadFault.DiskFull, exception.Fault);
        Assert.Empty(model.Server.Bodies(PublishedModel.Checkpoint));
    }

    [Fact]
    public async Task GivesTheSpaceBackWhenTheDiskFillsDuringADownload()
    {
        using SmallDisk disk = SmallDisk.Mount(Size / 2);
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Publish(PublishedModel.Checkpoint, PublishedModel.Bytes, large: false);
        model.Server.HasApi = false;
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Chunked = true });
        long free = disk.Free;

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(PublishedModel.Entry(), options: Options(disk)));

        Assert.Equal(DownloadFault.DiskFull, exception.Fault);
        Assert.True(model.Server.Bodies(PublishedModel.Checkpoint)[0].Sent > Size / 4);
        Assert.Empty(Bundles(disk));
        Assert.InRange(disk.Free, free - (64 << 10), free);
    }

    [Fact]
    public async Task LeavesNoHalfBundleWhenTheDiskFillsDuringTheConversion()
    {
        using SmallDisk disk = SmallDisk.Mount(Size + (Size / 2) + (1 << 20));
        await using PublishedModel model = await PublishedModel.StartAsync();

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(PublishedModel.Entry(), options: Options(disk)));

        Assert.Equal(DownloadFault.DiskFull, exception.Fault);
        Assert.Empty(Bundles(disk));
        Assert.DoesNotContain(Directory.GetFiles(disk.Path, "*", SearchOption.AllDirectories), file => file.EndsWith(".onnx", StringComparison.Ordinal));

        // With more room it goes on from the checkpoint, which has been fetched and checked.
        disk.Resize(Size * 4);
        Assert.NotNull(await model.PullAsync(PublishedModel.Entry(), options: Options(disk)));
        Assert.Single(model.Server.Bodies(PublishedModel.Checkpoint));
    }

    private static ModelCacheOptions Options(SmallDisk disk) => new() { CacheDirectory = disk.Path };

    private static IEnumerable<string> Bundles(SmallDisk disk) =>
        Directory.GetDirectories(disk.Path).Where(folder => Path.GetFileName(folder) != BundlePlace.StagingFolder);
}
