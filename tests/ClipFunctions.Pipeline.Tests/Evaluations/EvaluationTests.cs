using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Probe.Reports;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Evaluations;

public sealed partial class EvaluationTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ALinearProbeOfAFolderEndsInAReport()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 12, test: 6);

        EvaluationStatus status = await harness.RunAsync("""{"runId":"one","dataset":"drawn","C":0.316}""");

        Assert.Equal((EvaluationState.Done, null), (status.State, status.Failure?.Message));
        EvaluationReport report = await ReportAsync(harness, "one");
        Assert.Equal(ReportKind.LinearProbe, report.Kind);
        Assert.Equal(30, report.Result.Count);
        Assert.True(report.Result.Top1 >= 0.8, $"{report.Result.Top1}");
        Assert.Equal(status.Top1, report.Result.Top1);
        Assert.Equal(0.316, report.Probe!.C);
        Assert.Empty(report.Probe.Sweep);
        Assert.Equal(60, report.Probe.TrainCount);
        Assert.All(report.Examples.Hits, hit => Assert.NotNull(hit.Thumbnail));
        Assert.StartsWith("clip probe drawn --model demo:fp32 --C 0.316", report.Command, StringComparison.Ordinal);
        Assert.Empty(await harness.PoisonAsync(pipeline.Layout.EvaluationQueue));

        // The message in the report repeats it.
        await harness.SendAsync(report.Message.Replace("{", """{"runId":"two",""", StringComparison.Ordinal));
        await harness.DrainAsync();
        Assert.Equal(Comparable(await harness.JsonAsync("one")), Comparable((await harness.JsonAsync("two")).Replace("two", "one", StringComparison.Ordinal)));
        Assert.NotNull(await pipeline.Get<EvaluationStore>().ReadFileAsync("two", EvaluationFitter.ClassifierFile, Token));
    }

    [Fact]
    public async Task AHostNeedNotDecodeItsMessages()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 8, test: 4);

        // What the harness's client sends is Base64; in it, Base64 once more stands for a host that does not decode.
        EvaluationStatus status = await harness.RunAsync(Convert.ToBase64String("""{"runId":"one","dataset":"drawn","C":1}"""u8));

        Assert.Equal((EvaluationState.Done, null), (status.State, status.Failure?.Message));
    }

    [Fact]
    public async Task AMessageBeforeTheContainerIsMadeIsNoFailure()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 4, test: 2);
        await harness.Evaluations.DeleteAsync(cancellationToken: Token);

        EvaluationStatus status = await harness.RunAsync("""{"runId":"one","dataset":"drawn","C":1}""");

        Assert.Equal((EvaluationState.Done, null), (status.State, status.Failure?.Message));
    }

    [Fact]
    public async Task WithoutCTheBestOneIsSearchedFor()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 20, test: 4);

        EvaluationStatus status = await harness.RunAsync("""{"runId":"one","dataset":"drawn","sweep":true,"validationShare":0.25,"seed":3}""");

        Assert.Equal((EvaluationState.Done, null), (status.State, status.Failure?.Message));
        EvaluationReport report = await ReportAsync(harness, "one");
        Assert.True(report.Probe!.Sweep.Count > 7);
        Assert.Contains(report.Probe.C, report.Probe.Sweep.Select(point => point.C));
        Assert.Equal(100, report.Probe.TrainCount);
    }

    [Fact]
    public async Task ZeroShotNeedsNoTrain()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 0, test: 6);

        EvaluationStatus status = await harness.RunAsync("""{"runId":"one","dataset":"drawn","kind":"zero-shot","labelSet":"demo"}""");

        Assert.Equal((EvaluationState.Done, null), (status.State, status.Failure?.Message));
        EvaluationReport report = await ReportAsync(harness, "one");
        Assert.Null(report.Probe);
        Assert.Equal(TestDatasets.SampledClasses, report.Labels!.Labels);
        Assert.True(report.Result.Top1 >= 0.8, $"{report.Result.Top1}");
    }

    [Fact]
    public async Task DuplicatesAndBadPicturesChangeNothing()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 12, test: 6);
        await harness.Datasets.GetBlobClient("drawn/train/bus/aaa-broken.jpg").UploadAsync(new BinaryData(new byte[] { 0xFF, 0xD8, 0xFF, 1, 2 }), Token);
        await harness.RunAsync("""{"runId":"one","dataset":"drawn","C":0.316}""");

        // Another place for the vectors, so that they are computed anew; every message comes twice at once.
        EvaluationHarness other = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline second = other.Pipeline;
        await UploadAsync(other, "drawn", train: 12, test: 6);
        await other.Datasets.GetBlobClient("drawn/train/bus/aaa-broken.jpg").UploadAsync(new BinaryData(new byte[] { 0xFF, 0xD8, 0xFF, 1, 2 }), Token);
        other.Twice = _ => true;
        EvaluationStatus status = await other.RunAsync("""{"runId":"one","dataset":"drawn","C":0.316}""");

        Assert.Equal(EvaluationState.Done, status.State);
        EvaluationReport report = await ReportAsync(other, "one");
        Assert.Equal(1, report.Dataset.Faults.Total);
        Assert.Contains("aaa-broken", Assert.Single(report.Dataset.Faults.Listed).Name, StringComparison.Ordinal);
        Assert.Equal(60, report.Probe!.TrainCount);
        Assert.Equal(Comparable(await harness.JsonAsync("one")), Comparable(await other.JsonAsync("one")));
    }

    [Fact]
    public async Task ALaterRunOnTheSameDataFindsTheVectors()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 8, test: 4);
        await harness.SendAsync("""{"runId":"one","dataset":"drawn","C":1}""");
        await harness.DrainAsync();
        List<string> shards = [];
        harness.Twice = body =>
        {
            if (body.Contains("shard", StringComparison.OrdinalIgnoreCase))
            {
                shards.Add(body);
            }

            return false;
        };

        await harness.SendAsync("""{"runId":"two","dataset":"drawn","kind":"zero-shot","labelSet":"demo"}""");
        await harness.DrainAsync();

        Assert.Empty(shards);
        Assert.Equal(EvaluationState.Done, (await pipeline.Get<EvaluationStore>().StatusAsync("two", Token))!.State);
    }

    [Fact]
    public async Task StatusAndReportTellHowLongTheStepsTook()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 8, test: 4);
        EvaluationStatus status = await harness.RunAsync("""{"runId":"one","dataset":"drawn","C":1}""");

        ReportTimings timings = (await ReportAsync(harness, "one")).Timings;
        Assert.Equal(timings, status.Timings);
        Assert.True(timings.PlanSeconds > 0);
        Assert.True(timings.ExtractWorkSeconds > 0);
        Assert.True(timings.ExtractSeconds > timings.ExtractWorkSeconds * 0.99, "One shard after the other: the whole is no shorter than its parts.");
        Assert.Equal(60 / timings.ExtractSeconds!.Value, timings.PicturesPerSecond!.Value, 6);
        Assert.True(timings.TotalSeconds > timings.PlanSeconds + timings.ExtractSeconds + timings.FitSeconds);
        Assert.Contains("All shards together", (await pipeline.Get<EvaluationStore>().ReadFileAsync("one", EvaluationFitter.ReportPage, Token))!.ToString(), StringComparison.Ordinal);

        // The second run needs no vectors, and does not claim the first one's time.
        await harness.SendAsync("""{"runId":"two","dataset":"drawn","kind":"zero-shot","labelSet":"demo"}""");
        await harness.DrainAsync();
        ReportTimings later = (await pipeline.Get<EvaluationStore>().StatusAsync("two", Token))!.Timings!;
        Assert.Equal((null, null, null), (later.ExtractSeconds, later.ExtractWorkSeconds, later.PicturesPerSecond));
        Assert.True(later.PlanSeconds > 0);
    }

    [Fact]
    public async Task AShardMadeTwiceKeepsItsFirstTime()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 8, test: 4);
        EvaluationRunner runner = pipeline.Get<EvaluationRunner>();
        QueueDelivery shard = new(new BinaryData("""{"runId":"one","shard":0}"""), "shard", false);
        await runner.PlanAsync(new QueueDelivery(new BinaryData("""{"runId":"one","dataset":"drawn","C":1}"""), "run", false), Token);
        await runner.ExtractAsync(shard, Token);

        // As if the process had ended between a shard's two blobs: its record is there, its vectors are not.
        string features = (await pipeline.Get<EvaluationStore>().RunAsync("one", Token))!.Features;
        BlobClient record = harness.Evaluations.GetBlobClient($"{features}/000000.json");
        BlobClient vectors = harness.Evaluations.GetBlobClient($"{features}/000000.npy");
        string first = (await record.DownloadContentAsync(Token)).Value.Content.ToString();
        await vectors.DeleteAsync(cancellationToken: Token);
        await runner.ExtractAsync(shard, Token);
        Assert.True(await vectors.ExistsAsync(Token));
        Assert.Equal(first, (await record.DownloadContentAsync(Token)).Value.Content.ToString());
        Assert.Contains("seconds", first, StringComparison.Ordinal);

        await harness.DrainAsync();
        EvaluationStatus status = (await pipeline.Get<EvaluationStore>().StatusAsync("one", Token))!;
        Assert.Equal(EvaluationState.Done, status.State);
        Assert.Equal(60 / status.Timings!.ExtractSeconds!.Value, status.Timings.PicturesPerSecond!.Value, 6);
    }

    [Theory]
    [InlineData("not json", "InvalidMessage")]
    [InlineData("{}", "InvalidMessage")]
    [InlineData("""{"dataset":"drawn","surprise":1}""", "InvalidMessage")]
    [InlineData("""{"dataset":"../models","C":1}""", "InvalidMessage")]
    [InlineData("""{"dataset":"drawn","C":0}""", "InvalidMessage")]
    [InlineData("""{"dataset":"drawn","C":-1}""", "InvalidMessage")]
    [InlineData("""{"dataset":"drawn","C":1,"sweep":true}""", "InvalidMessage")]
    [InlineData("""{"dataset":"absent","C":1}""", "InvalidDataset")]
    [InlineData("""{"dataset":"single","C":1}""", "InvalidDataset")]
    [InlineData("""{"dataset":"untrained","C":1}""", "ClassNotInTrain")]
    [InlineData("""{"dataset":"empty","C":1}""", "EmptyClass")]
    [InlineData("""{"dataset":"drawn","model":"no-such-model","C":1}""", "ModelNotFound")]
    [InlineData("""{"dataset":"drawn","kind":"zero-shot","labelSet":"none"}""", "LabelSetNotFound")]
    [InlineData("""{"dataset":"drawn","kind":"zero-shot","labels":["a","b","c"]}""", "InvalidLabels")]
    [InlineData("""{"dataset":"drawn","kind":"zero-shot","labelSet":"cifar10"}""", "InvalidLabels")]
    [InlineData("""{"dataset":"drawn","kind":"zero-shot","templates":["one of the many pictures that have more words than the small model reads: {}"]}""", "InvalidLabels")]
    public async Task WhatCannotBeDoneFailsAtOnceWithItsReason(string message, string code)
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        byte[] picture = TestPictures.Jpeg(1);
        string[] names = message.Contains("drawn", StringComparison.Ordinal)
            ? ["drawn/train/bus/1.jpg", "drawn/train/rocket/1.jpg", "drawn/test/bus/1.jpg", "drawn/test/rocket/1.jpg"]
            : ["single/train/a/1.jpg", "single/test/a/1.jpg", "untrained/train/a/1.jpg", "untrained/train/b/1.jpg", "untrained/test/a/1.jpg", "untrained/test/c/1.jpg"];
        foreach (string name in names)
        {
            await harness.Datasets.GetBlobClient(name).UploadAsync(new BinaryData(picture), Token);
        }

        await harness.Datasets.GetBlobClient("empty/cifar-10-batches-bin/batches.meta.txt").UploadAsync(new BinaryData("a\nb\nc\n"), Token);
        await harness.Datasets.GetBlobClient("empty/cifar-10-batches-bin/data_batch_1.bin").UploadAsync(new BinaryData(Records(0, 1, 0, 1)), Token);
        await harness.Datasets.GetBlobClient("empty/cifar-10-batches-bin/test_batch.bin").UploadAsync(new BinaryData(Records(0, 1)), Token);

        EvaluationStatus status = await harness.RunAsync(message);

        Assert.Equal((EvaluationState.Failed, code), (status.State, status.Failure?.Code));
        Assert.NotEmpty(status.Failure!.Message);
        string poisoned = Assert.Single(await harness.PoisonAsync(pipeline.Layout.EvaluationQueue));
        if (code == "InvalidMessage")
        {
            Assert.Equal(message, poisoned);
            return;
        }

        // A request is sent on with its run's id first: what lies in the poison queue names the run.
        JsonNode request = JsonNode.Parse(poisoned)!;
        Assert.Equal(status.RunId, (string?)request["runId"]);
        Assert.All(JsonNode.Parse(message)!.AsObject(), field => Assert.True(JsonNode.DeepEquals(field.Value, request[field.Key]), field.Key));
    }

    [Fact]
    public async Task ARunThatIsStoppedEndsAndStaysSo()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 8, test: 4);
        EvaluationStarter starter = pipeline.Get<EvaluationStarter>();
        EvaluationStatus started = await starter.StartAsync(new EvaluationRequest { Dataset = "drawn", C = 1 }, Token);

        Assert.Equal(EvaluationState.Cancelled, (await starter.CancelAsync(started.RunId, Token))!.State);
        await harness.DrainAsync();

        Assert.Equal(EvaluationState.Cancelled, (await pipeline.Get<EvaluationStore>().StatusAsync(started.RunId, Token))!.State);
        Assert.Null(await pipeline.Get<EvaluationStore>().ReadFileAsync(started.RunId, EvaluationFitter.ReportFile, Token));
        Assert.Null(await starter.CancelAsync("absent", Token));
    }

    [Fact]
    public async Task ATickThatComesTwiceStartsOneRun()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(
            azurite,
            (EvaluationSchedule.CronSetting, "0 0 3 * * *"),
            ("Clip:Schedule:0:Dataset", "drawn"),
            ("Clip:Schedule:0:C", "0.316"),
            ("Clip:Schedule:1:Dataset", "drawn"),
            ("Clip:Schedule:1:Kind", "zero-shot"),
            ("Clip:Schedule:1:LabelSet", "demo"));
        await using TestPipeline pipeline = harness.Pipeline;
        await UploadAsync(harness, "drawn", train: 8, test: 4);
        EvaluationSchedule schedule = pipeline.Get<EvaluationSchedule>();
        DateTimeOffset due = schedule.NextAfter(new DateTimeOffset(2026, 11, 25, 1, 2, 3, TimeSpan.FromHours(1)))!.Value;
        Assert.Equal(new DateTimeOffset(2026, 11, 25, 3, 0, 0, TimeSpan.Zero), due);

        await Task.WhenAll(schedule.TickAsync(due, Token), schedule.TickAsync(due, Token));
        await harness.DrainAsync();

        List<string> runs = [];
        await foreach (string run in pipeline.Get<EvaluationStore>().ListAsync(Token))
        {
            runs.Add(run);
            Assert.Equal(EvaluationState.Done, (await pipeline.Get<EvaluationStore>().StatusAsync(run, Token))!.State);
        }

        Assert.Equal(["20261125-030000-scheduled-0", "20261125-030000-scheduled-1"], runs);
    }

    private static async Task UploadAsync(EvaluationHarness harness, string name, int train, int test)
    {
        await Parallel.ForEachAsync(TestDatasets.Folder(TestDatasets.SampledClasses, train, test), Token, async (file, token) =>
            await harness.Datasets.GetBlobClient($"{name}/{file.Name}").UploadAsync(new BinaryData(file.Content), token));
    }

    private static async Task<EvaluationReport> ReportAsync(EvaluationHarness harness, string run) =>
        EvaluationReportJson.Parse((await harness.Pipeline.Get<EvaluationStore>().ReadFileAsync(run, EvaluationFitter.ReportFile, Token))!.ToMemory().Span);

    /// <summary>A report without what two equal runs differ in: times, and the ETags behind the data set's id.</summary>
    private static string Comparable(string json) => Times().Replace(json, "");

    private static byte[] Records(params int[] labels) => [.. labels.SelectMany(label => new byte[] { (byte)label }.Concat(Enumerable.Repeat((byte)(label * 90), 3072)))];

    [GeneratedRegex("\n *\"(created|id|[a-zA-Z]*Seconds|picturesPerSecond)\": [^\n]*")]
    private static partial Regex Times();
}
