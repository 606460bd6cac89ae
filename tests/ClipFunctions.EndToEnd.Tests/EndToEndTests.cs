using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Testing;

namespace ClipFunctions.EndToEnd.Tests;

/// <summary>What a user of a running host sees, by HTTP and by storage alone: true of any host and any CLIP.</summary>
public abstract class EndToEndTests(HostUnderTest host)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task IsReady()
    {
        await host.UntilAsync("the host is ready", async token =>
        {
            using HttpResponseMessage response = await host.Http.GetAsync("api/health/ready", token);
            return response.StatusCode == HttpStatusCode.OK;
        });
        JsonElement models = await GetAsync("api/models");
        Assert.Contains(models.GetProperty("models").EnumerateArray(), model => model.GetProperty("id").GetString() == models.GetProperty("default").GetString() && model.GetProperty("available").GetBoolean());
    }

    [Fact]
    public async Task AnUploadGetsTagsARecordAndAVector()
    {
        string name = await UploadAsync("cat.jpg", await SampleAsync("cat.jpg"));

        IDictionary<string, string> tags = await UntilTaggedAsync(name);

        Assert.Equal("tagged", tags["clip_state"]);
        JsonElement record = await GetAsync($"api/results/{name}");
        Assert.Equal(name, record.GetProperty("source").GetProperty("name").GetString());
        JsonElement[] labels = [.. record.GetProperty("labels").EnumerateArray()];
        Assert.NotEmpty(labels);
        Assert.Equal(labels.Select(label => label.GetProperty("probability").GetDouble()).OrderDescending(), labels.Select(label => label.GetProperty("probability").GetDouble()));
        NpyArray vector = NpyFile.Parse((await host.Container(host.Layout.Embeddings).GetBlobClient(StorageLayout.EmbeddingName(name)).DownloadContentAsync(Token)).Value.Content.ToMemory().Span);
        Assert.Equal(await EmbedAsync(await SampleAsync("cat.jpg")), vector.As<float>().ToArray(), Near(1e-4f));
        Assert.Equal(await SampleAsync("cat.jpg"), await host.Http.GetByteArrayAsync($"api/uploads/{name}", Token));
    }

    [Fact]
    public async Task ABadPictureIsRecordedAndTheNextOneTagged()
    {
        string bad = await UploadAsync("bad.jpg", Encoding.UTF8.GetBytes("no picture"));
        string good = await UploadAsync("good.png", TestPictures.Png(4));

        Assert.Equal("failed", (await UntilTaggedAsync(bad))["clip_state"]);
        Assert.Equal("tagged", (await UntilTaggedAsync(good))["clip_state"]);
        Assert.NotEmpty((await GetAsync($"api/results/{bad}")).GetProperty("failure").GetProperty("reason").GetString()!);
    }

    [Fact]
    public async Task APictureThatIsReplacedIsTaggedAnew()
    {
        string name = await UploadAsync("changing.jpg", await SampleAsync("cat.jpg"));
        await UntilTaggedAsync(name);
        string first = (await GetAsync($"api/results/{name}")).GetProperty("source").GetProperty("sha256").GetString()!;

        await UploadAsync("changing.jpg", await SampleAsync("rocket.jpg"));

        await host.UntilAsync("the record is of the new picture", async token =>
            (await host.Http.GetFromJsonAsync<JsonElement>($"api/results/{name}", token)).GetProperty("source").GetProperty("sha256").GetString() != first);
        await UntilTaggedAsync(name);
    }

    [Fact]
    public async Task AnUploadIsFoundByItsLikeness()
    {
        string name = await UploadAsync("found.jpg", await SampleAsync("strawberry.jpg"));
        await UntilTaggedAsync(name);

        await host.UntilAsync("the upload is in the index", async token =>
        {
            using HttpResponseMessage response = await host.Http.GetAsync($"api/search?like={Uri.EscapeDataString(name)}&top=50", token);
            return response.StatusCode == HttpStatusCode.OK
                && (await response.Content.ReadFromJsonAsync<JsonElement>(token)).GetProperty("results").EnumerateArray().Any();
        });
    }

    [Fact]
    public async Task TokenizesWithStartAndEnd()
    {
        JsonElement reply = await PostAsync("api/tokenize", new { texts = (string[])["a photo of a cat", "dog"] });

        JsonElement[] rows = [.. reply.GetProperty("results").EnumerateArray()];
        Assert.Equal(2, rows.Length);
        Assert.True(rows[0].GetProperty("count").GetInt32() > rows[1].GetProperty("count").GetInt32());
        if (reply.GetProperty("contextLength").GetInt32() == 77)
        {
            // openai/CLIP's own ids.
            Assert.Equal([49406, 320, 1125, 539, 320, 2368, 49407], rows[0].GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).Take(7));
        }
    }

    [Fact]
    public async Task KnowsACatFromARocket()
    {
        foreach (string label in (string[])["cat", "rocket"])
        {
            using ByteArrayContent picture = Picture(await SampleAsync($"{label}.jpg"));
            JsonElement reply = await ReadAsync(await host.Http.PostAsync("api/classify?labels=cat&labels=rocket", picture, Token));

            JsonElement[] labels = [.. reply.GetProperty("results")[0].GetProperty("labels").EnumerateArray()];
            Assert.Equal(label, labels[0].GetProperty("label").GetString());
            Assert.Equal(1, labels.Sum(entry => entry.GetProperty("probability").GetDouble()), 1e-4);
        }
    }

    [Fact]
    public async Task SimilarityIsTheScaledCosineOfTheVectors()
    {
        byte[] picture = await SampleAsync("cat.jpg");
        float[] image = await EmbedAsync(picture);
        JsonElement texts = await PostAsync("api/embed/text", new { texts = (string[])["a cat", "a rocket"] });
        JsonElement reply = await PostAsync("api/similarity", new { images = (string[])[Convert.ToBase64String(picture)], texts = (string[])["a cat", "a rocket"] });

        double scale = reply.GetProperty("logitScale").GetDouble();
        double bias = reply.TryGetProperty("logitBias", out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;
        for (int i = 0; i < 2; i++)
        {
            float[] text = texts.GetProperty("embeddings")[i].Deserialize<float[]>()!;
            Assert.Equal((scale * Cosine(image, text)) + bias, reply.GetProperty("logits_per_image")[0][i].GetDouble(), 1e-2);
        }
    }

    [Fact]
    public async Task ARequestThatCannotBeAnsweredIsToldWhy()
    {
        using HttpResponseMessage response = await host.Http.PostAsJsonAsync("api/tokenize", new { texts = Array.Empty<string>() }, Token);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.NotEmpty((await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("code").GetString()!);
    }

    [Fact]
    public async Task AMessageInTheQueueBecomesAReport()
    {
        string dataset = await UploadDatasetAsync("queued");
        string run = $"{host.Prefix}-queued";

        await SendAsync(host.Layout.EvaluationQueue, JsonSerializer.Serialize(new { runId = run, dataset, C = 1 }));

        await ReportAsync(run);
    }

    [Fact]
    public async Task ARequestBecomesAReport()
    {
        string dataset = await UploadDatasetAsync("asked");
        string run = $"{host.Prefix}-asked";

        JsonElement started = await PostAsync("api/evaluations", new { runId = run, dataset, kind = "zero-shot" });

        Assert.Equal(run, started.GetProperty("runId").GetString());
        await ReportAsync(run);
    }

    [Fact]
    public async Task AMessageThatCanNeverSucceedEndsInThePoisonQueueAndInTheStatus()
    {
        string run = $"{host.Prefix}-poison";
        await SendAsync(host.Layout.EvaluationQueue, JsonSerializer.Serialize(new { runId = run, dataset = $"{host.Prefix}/no-such-dataset" }));

        Assert.Equal("failed", (await UntilOverAsync(run)).GetProperty("state").GetString());
        await UntilPoisonedAsync(host.Layout.EvaluationQueue, run);
    }

    [Fact]
    public async Task AMessageThatIsNoneEndsInThePoisonQueue()
    {
        string nonsense = $"{host.Prefix} is no JSON";
        await SendAsync(host.Layout.ShardQueue, nonsense);

        await UntilPoisonedAsync(host.Layout.ShardQueue, nonsense);
    }

    private static Func<float, float, bool> Near(float tolerance) => (a, b) => MathF.Abs(a - b) <= tolerance;

    private static double Cosine(float[] a, float[] b)
    {
        double dot = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++)
        {
            dot += a[i] * b[i];
            aa += a[i] * a[i];
            bb += b[i] * b[i];
        }

        return dot / Math.Sqrt(aa * bb);
    }

    private static ByteArrayContent Picture(byte[] bytes)
    {
        ByteArrayContent content = new(bytes);
        content.Headers.ContentType = new("image/jpeg");
        return content;
    }

    private static Task<byte[]> SampleAsync(string file) => File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Samples, file), Token);

    private async Task<string> UploadAsync(string file, byte[] content)
    {
        string name = $"{host.Prefix}/{file}";
        await host.Container(host.Layout.Uploads).GetBlobClient(name).UploadAsync(new BinaryData(content), overwrite: true, Token);
        return name;
    }

    private async Task<string> UploadDatasetAsync(string name)
    {
        string dataset = $"{host.Prefix}/{name}";
        foreach ((string file, byte[] content) in TestDatasets.Folder(TestDatasets.SampledClasses, trainPerClass: 4, testPerClass: 2))
        {
            await host.Container(host.Layout.Datasets).GetBlobClient($"{dataset}/{file}").UploadAsync(new BinaryData(content), overwrite: true, Token);
        }

        return dataset;
    }

    private async Task<float[]> EmbedAsync(byte[] picture)
    {
        using ByteArrayContent content = Picture(picture);
        JsonElement reply = await ReadAsync(await host.Http.PostAsync("api/embed/image?normalize=false", content, Token));
        return reply.GetProperty("embeddings")[0].Deserialize<float[]>()!;
    }

    private async Task<IDictionary<string, string>> UntilTaggedAsync(string name)
    {
        IDictionary<string, string> tags = new Dictionary<string, string>();
        BlobClient blob = host.Container(host.Layout.Uploads).GetBlobClient(name);
        await host.UntilAsync($"{name} is tagged", async token =>
        {
            GetBlobTagResult result = await blob.GetTagsAsync(cancellationToken: token);
            tags = result.Tags;
            return tags.ContainsKey("clip_state");
        });
        return tags;
    }

    private async Task<JsonElement> UntilOverAsync(string run)
    {
        JsonElement status = default;
        await host.UntilAsync($"run {run} is over", async token =>
        {
            using HttpResponseMessage response = await host.Http.GetAsync($"api/evaluations/{run}", token);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return false;
            }

            status = await response.Content.ReadFromJsonAsync<JsonElement>(token);
            return status.GetProperty("state").GetString() is "done" or "failed" or "cancelled";
        });
        return status;
    }

    private async Task ReportAsync(string run)
    {
        JsonElement status = await UntilOverAsync(run);
        Assert.True(status.GetProperty("state").GetString() == "done", $"{status}\n{host.Output}");
        Assert.InRange(status.GetProperty("top1").GetDouble(), 0, 1);
        Assert.StartsWith("<!doctype html", await host.Http.GetStringAsync($"api/evaluations/{run}/report.html", Token), StringComparison.OrdinalIgnoreCase);
    }

    private async Task UntilPoisonedAsync(string queue, string text)
    {
        QueueClient poison = host.Queue(queue + EvaluationQueues.PoisonSuffix);
        await host.UntilAsync($"'{text}' is in {poison.Name}", async token =>
            await poison.ExistsAsync(token)
            && (await poison.PeekMessagesAsync(32, token)).Value.Any(message => message.Body.ToString().Contains(text, StringComparison.Ordinal)));
    }

    private async Task SendAsync(string queueName, string message)
    {
        QueueClient queue = host.Queue(queueName);
        await queue.CreateIfNotExistsAsync(cancellationToken: Token);
        await queue.SendMessageAsync(new BinaryData(Encoding.UTF8.GetBytes(message)), cancellationToken: Token);
    }

    private Task<JsonElement> GetAsync(string path) => host.Http.GetFromJsonAsync<JsonElement>(path, Token);

    private async Task<JsonElement> PostAsync<T>(string path, T body) => await ReadAsync(await host.Http.PostAsJsonAsync(path, body, Token));

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync(Token);
            Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
    }
}
