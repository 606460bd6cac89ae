using Azure;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Uploads;

public sealed class UploadRetaggerTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TagsWhatHasNoRecordAndLeavesTheRestAlone()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.TagAsync(await pipeline.UploadAsync("done.jpg", TestPictures.Jpeg(1)));
        await pipeline.UploadAsync("new/a.jpg", TestPictures.Jpeg(2));
        await pipeline.UploadAsync("new/b.png", TestPictures.Png(3));

        RetagReport report = await RunAsync(pipeline, new RetagOptions());
        Assert.Equal((3, 1, 0), (report.Seen, report.UpToDate, report.Faults));
        Assert.Equal(2, report.Reasons["NoRecord"]);
        Assert.Equal(2, report.Outcomes[UploadOutcome.Tagged]);
        Assert.Equal("demo", report.Model);

        Dictionary<string, ETag> records = await RecordsAsync(pipeline);
        RetagReport again = await RunAsync(pipeline, new RetagOptions());
        Assert.Equal((3, 3), (again.Seen, again.UpToDate));
        Assert.Equal(records, await RecordsAsync(pipeline));
    }

    [Fact]
    public async Task OtherLabelsMeanThatAllIsDoneAnewAndADryRunOnlyTellsIt()
    {
        await using TestPipeline before = await TestPipeline.CreateAsync(azurite, settings: [("Clip:Labels:0", "a cat"), ("Clip:Labels:1", "a dog")]);
        await before.TagAsync(await before.UploadAsync("a.jpg", TestPictures.Jpeg(1)));
        await before.TagAsync(await before.UploadAsync("b.jpg", TestPictures.Jpeg(2)));
        string containers = before.Layout.Uploads[..^2];
        await using TestPipeline after = await TestPipeline.CreateAsync(azurite, containers, ("Clip:Labels:0", "a disc"), ("Clip:Labels:1", "a square"));

        Dictionary<string, ETag> records = await RecordsAsync(before);
        RetagReport dry = await RunAsync(after, new RetagOptions { DryRun = true });
        Assert.Equal(2, dry.Reasons["OtherLabels"]);
        Assert.Empty(dry.Outcomes);
        Assert.Equal(records, await RecordsAsync(before));

        RetagReport report = await RunAsync(after, new RetagOptions());
        Assert.Equal(2, report.Outcomes[UploadOutcome.Tagged]);
        Assert.Contains((await after.TagsAsync("a.jpg"))["clip_1"], (string[])["a disc", "a square", "a-disc", "a-square"]);
    }

    [Fact]
    public async Task TagsThatSomebodyTookAwayAreSetAgainAndForeignOnesStay()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(1)));
        await pipeline.Uploads.GetBlobClient("a.jpg").SetTagsAsync(new Dictionary<string, string> { ["owner"] = "me" }, cancellationToken: Token);

        RetagReport report = await RunAsync(pipeline, new RetagOptions());

        Assert.Equal(1, report.Reasons["TagsMissing"]);
        Assert.Equal(1, report.Outcomes[UploadOutcome.AlreadyDone]);
        IDictionary<string, string> tags = await pipeline.TagsAsync("a.jpg");
        Assert.Equal(("me", "tagged"), (tags["owner"], tags["clip_state"]));
    }

    [Fact]
    public async Task ForceComputesWhatIsUpToDateToo()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.TagAsync(await pipeline.UploadAsync("a.jpg", TestPictures.Jpeg(1)));
        UploadResult before = (await pipeline.ResultAsync("a.jpg"))!;

        RetagReport report = await RunAsync(pipeline, new RetagOptions { Force = true });

        Assert.Equal(1, report.Outcomes[UploadOutcome.Tagged]);
        UploadResult after = (await pipeline.ResultAsync("a.jpg"))!;
        Assert.True(after.Time > before.Time);
        Assert.Equal(before.Labels[0].Label, after.Labels[0].Label);
    }

    [Fact]
    public async Task ABadPictureIsRecordedOnceAndThePrefixBoundsTheWork()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        await pipeline.UploadAsync("in/bad.jpg", [1, 2, 3]);
        await pipeline.UploadAsync("out/good.jpg", TestPictures.Jpeg(1));

        RetagReport report = await RunAsync(pipeline, new RetagOptions { Prefix = "in/" });
        Assert.Equal((1, 0), (report.Seen, report.Faults));
        Assert.Equal(1, report.Outcomes[UploadOutcome.Failed]);
        Assert.Equal(1, (await RunAsync(pipeline, new RetagOptions { Prefix = "in/" })).UpToDate);
        Assert.Null(await pipeline.ResultAsync("out/good.jpg"));
    }

    [Fact]
    public async Task AStoppedRunGoesOnWhereItWas()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        for (int i = 0; i < 12; i++)
        {
            await pipeline.UploadAsync($"{i}.jpg", TestPictures.Jpeg(i));
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pipeline.Get<UploadRetagger>().RunAsync(
            new RetagOptions { Parallelism = 1 },
            new Reporter(progress =>
            {
                if (progress.Done == 5)
                {
                    stop.Cancel();
                }
            }),
            stop.Token));
        int stood = (await RecordsAsync(pipeline)).Count;
        Assert.InRange(stood, 5, 6);

        RetagReport rest = await RunAsync(pipeline, new RetagOptions { Parallelism = 4 });
        Assert.Equal(12, rest.Seen);
        Assert.InRange(rest.UpToDate, stood - 1, stood);
        Assert.Equal(12, (await RecordsAsync(pipeline)).Count);
    }

    private static Task<RetagReport> RunAsync(TestPipeline pipeline, RetagOptions options) => pipeline.Get<UploadRetagger>().RunAsync(options, null, Token);

    private static async Task<Dictionary<string, ETag>> RecordsAsync(TestPipeline pipeline)
    {
        Dictionary<string, ETag> records = [];
        await foreach (BlobItem blob in pipeline.ResultBlobs.GetBlobsAsync(new GetBlobsOptions(), Token))
        {
            records[blob.Name] = blob.Properties.ETag!.Value;
        }

        return records;
    }

    private sealed class Reporter(Action<RetagProgress> report) : IProgress<RetagProgress>
    {
        public void Report(RetagProgress value) => report(value);
    }
}
