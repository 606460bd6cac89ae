using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Http.Operations;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.App.Tests.Worker;

/// <summary>The worker as a process, over the protocol by which the Functions host speaks to it.</summary>
public sealed class WorkerProcessTests(RunningApp app)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void TellsTheHostTheFunctionsOfThePipeline()
    {
        Assert.Equal(
            ClipOperations.All.Select(operation => operation.Name).Concat(FunctionNames.All).Order(StringComparer.Ordinal),
            app.Host.Functions.Select(function => function.Name).Order(StringComparer.Ordinal));
        Assert.Equal(bool.TrueString, app.Host.Capabilities["WorkerOpenTelemetryEnabled"]);
    }

    [Theory]
    [InlineData(FunctionNames.TagUploadOnEvent)]
    [InlineData(FunctionNames.TagUploadOnScan)]
    public async Task TagsAnUpload(string function)
    {
        string name = $"a folder/{function} ä.jpg";
        await app.Container(app.Layout.Uploads).GetBlobClient(name).UploadAsync(new BinaryData(TestPictures.Jpeg(1)), Token);

        await app.Host.InvokeWithBlobAsync(function, name, Token);

        Assert.Equal(UploadState.Tagged, (await app.ResultAsync(name)).State);
        GetBlobTagResult tags = await app.Container(app.Layout.Uploads).GetBlobClient(name).GetTagsAsync(cancellationToken: Token);
        Assert.Equal("tagged", tags.Tags[UploadTags.State]);
    }

    [Fact]
    public async Task AnUploadThatIsGoneIsNoFault() => await app.Host.InvokeWithBlobAsync(FunctionNames.TagUploadOnEvent, "gone.jpg", Token);

    [Fact]
    public async Task ABadPictureIsRecordedAndNoFaultOfTheFunction()
    {
        await app.Container(app.Layout.Uploads).GetBlobClient("bad.jpg").UploadAsync(new BinaryData("no picture"), Token);

        await app.Host.InvokeWithBlobAsync(FunctionNames.TagUploadOnEvent, "bad.jpg", Token);

        Assert.Equal(UploadState.Failed, (await app.ResultAsync("bad.jpg")).State);
    }

    [Fact]
    public async Task AnswersARequestWithTheModelsVector()
    {
        using ByteArrayContent picture = new(TestPictures.Jpeg(2));
        picture.Headers.ContentType = new("image/jpeg");

        using HttpResponseMessage response = await app.Http.PostAsync("api/embed/image", picture, Token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement reply = await response.Content.ReadFromJsonAsync<JsonElement>(Token);
        Assert.Equal(1, reply.GetProperty("embeddings").GetArrayLength());
    }

    [Theory]
    [InlineData("", "text/html")]
    [InlineData("?anything=1", "text/html")]
    [InlineData("api/reference", "text/html")]
    [InlineData("api/openapi.json", "application/json")]
    public async Task SendsThePageAndTheDescription(string path, string mediaType)
    {
        using HttpResponseMessage response = await app.Http.GetAsync(path, Token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(mediaType, response.Content.Headers.ContentType!.MediaType);
        Assert.NotEmpty(await response.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task AnswersHead()
    {
        using HttpRequestMessage request = new(HttpMethod.Head, "api/health/live");
        using HttpResponseMessage response = await app.Http.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task NamesInAddressesMayHoldSlashesAndPercentSigns()
    {
        const string Name = "a/50% off & ä+b.png";
        byte[] picture = TestPictures.Png(3);
        await app.Container(app.Layout.Uploads).GetBlobClient(Name).UploadAsync(new BinaryData(picture), Token);

        Assert.Equal(picture, await app.Http.GetByteArrayAsync($"api/uploads/{string.Join('/', Name.Split('/').Select(Uri.EscapeDataString))}", Token));
    }

    [Fact]
    public async Task ABodyThatIsTooLargeIsToldByTheLimit()
    {
        using ByteArrayContent body = new(new byte[29_500_000]);
        body.Headers.ContentType = new("image/jpeg");

        using HttpResponseMessage response = await app.Http.PostAsync("api/embed/image", body, Token);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(29_000_000, (await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("limit").GetInt64());
    }

    [Fact]
    public async Task TellsThatItIsReady()
    {
        using HttpResponseMessage response = await app.Http.GetAsync("api/health/ready", Token);

        Assert.Contains("\"ready\"", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task AMessageBecomesAReport()
    {
        await UploadDatasetAsync("probe");

        await SendAsync("""{"runId":"queued","dataset":"probe","C":1}""");

        JsonElement status = await app.UntilOverAsync("queued");
        Assert.True(status.GetProperty("state").GetString() == "done", $"{status}\n{app.Host.Output}");
        Assert.InRange(status.GetProperty("top1").GetDouble(), 0.5, 1);
        Assert.StartsWith("<!doctype html", await app.Http.GetStringAsync("api/evaluations/queued/report.html", Token), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task AMessageThatCanNeverSucceedGoesToThePoisonQueueAtOnce()
    {
        await SendAsync("""{"runId":"absurd","dataset":"no-such-dataset"}""");

        JsonElement status = await app.UntilOverAsync("absurd");

        Assert.Equal("failed", status.GetProperty("state").GetString());
        Assert.Contains("absurd", await PoisonAsync(app.Layout.EvaluationQueue), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATickStartsTheRunsOfTheTimeThatWasDue()
    {
        await UploadDatasetAsync("scheduled");
        const string Tick = """{"Schedule":{"AdjustForDST":true},"ScheduleStatus":{"Last":"2026-01-01T03:00:00Z","Next":"2026-01-02T03:00:00Z","LastUpdated":"2026-01-01T03:00:00Z"},"IsPastDue":false}""";

        await app.Host.InvokeWithJsonAsync(FunctionNames.EvaluationSchedule, Tick, Token);
        await app.Host.InvokeWithJsonAsync(FunctionNames.EvaluationSchedule, Tick, Token);

        // The schedule is each day at three.
        JsonElement runs = await app.Http.GetFromJsonAsync<JsonElement>("api/evaluations", Token);
        JsonElement run = Assert.Single(runs.GetProperty("evaluations").EnumerateArray(), run => run.GetProperty("runId").GetString()!.EndsWith("-030000-scheduled-0", StringComparison.Ordinal));
        Assert.Equal("done", (await app.UntilOverAsync(run.GetProperty("runId").GetString()!)).GetProperty("state").GetString());
    }

    private async Task UploadDatasetAsync(string dataset)
    {
        foreach ((string name, byte[] content) in TestDatasets.Folder(TestDatasets.SampledClasses, trainPerClass: 4, testPerClass: 2))
        {
            await app.Container(app.Layout.Datasets).GetBlobClient($"{dataset}/{name}").UploadAsync(new BinaryData(content), overwrite: true, Token);
        }
    }

    private async Task SendAsync(string message)
    {
        QueueClient queue = app.Queue(app.Layout.EvaluationQueue);
        await queue.CreateIfNotExistsAsync(cancellationToken: Token);
        await queue.SendMessageAsync(new BinaryData(Encoding.UTF8.GetBytes(message)), cancellationToken: Token);
    }

    private async Task<string> PoisonAsync(string queue) =>
        string.Join('\n', (await app.Queue(queue + EvaluationQueues.PoisonSuffix).PeekMessagesAsync(32, Token)).Value.Select(message => message.Body.ToString()));
}
