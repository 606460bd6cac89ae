using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Reliability.Tests.Observation;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Concurrency;

/// <summary>A host whose thread pool has two threads, so that whoever blocks one to wait for work on another is found out.</summary>
public sealed class SmallPoolTests(AzuriteServer azurite)
{
    private const int Uploads = 48;
    private const int Clients = 12;
    private const int RequestsEach = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UploadsRequestsAndEvaluationsAtOnceNeedNoThirdThread()
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await storage.Datasets.CreateIfNotExistsAsync(cancellationToken: Token);
        foreach ((string name, byte[] content) in TestDatasets.Folder(TestDatasets.SampledClasses, 8, 4, 64))
        {
            await storage.Datasets.GetBlobClient("drawn/" + name).UploadAsync(new BinaryData(content), Token);
        }

        // Hexadecimal numbers; the number of threads that may be added to them is none.
        Dictionary<string, string> two = new() { ["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "2", ["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "2" };
        await using MetricsReceiver metrics = await MetricsReceiver.StartAsync();
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(
            two,
            [.. storage.Arguments(), .. metrics.Arguments, "--Clip:Evaluations:MinShardPictures=8", "--Clip:Evaluations:MaxShardPictures=8", "--Clip:Http:MaxQueuedRequests=1000"]);
        using HttpClient http = new() { BaseAddress = host.Address, Timeout = Patience };
        long most = 0;
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task watching = WatchAsync();

        Task uploads = Task.WhenAll(Enumerable.Range(0, Uploads).Select(i => storage.UploadAsync($"{i}.jpg", i, Token)));
        Task evaluations = Task.WhenAll(EvaluateAsync("zero-shot"), EvaluateAsync("linear-probe"));
        Task requests = Task.WhenAll(Enumerable.Range(0, Clients).Select(AskAsync));
        Task<(Verdict Verdict, TimeSpan Settled)> judging = JudgeAsync();
        Task all = Task.WhenAll(uploads, evaluations, requests, judging);
        await Task.WhenAny(all, Task.Delay(Patience, Token));
        Assert.True(all.IsCompleted, $"Not done within {Patience}: uploads {uploads.Status}, evaluations {evaluations.Status}, requests {requests.Status}, results {judging.Status}.\n{host.Output}");
        await all;
        await over.CancelAsync();
        await watching;

        Assert.True((await judging).Verdict.IsPerfect, $"{(await judging).Verdict}\n{host.Output}");
        Assert.Equal(2, most);

        async Task<(Verdict, TimeSpan)> JudgeAsync()
        {
            await uploads;
            return await Oracle.JudgeAsync(storage, null, (int)Patience.TotalSeconds, Token);
        }

        async Task WatchAsync()
        {
            while (!over.IsCancellationRequested)
            {
                most = Math.Max(most, metrics.Value("dotnet.thread_pool.thread.count") ?? 0);
                await Task.WhenAny(Task.Delay(50, over.Token));
            }
        }

        async Task AskAsync(int client)
        {
            for (int i = 0; i < RequestsEach; i++)
            {
                using HttpResponseMessage answer = await (((client + i) % 5) switch
                {
                    0 => http.PostAsJsonAsync("api/embed/text", new { texts = new[] { string.Create(CultureInfo.InvariantCulture, $"a picture of number {i}"), "a cat" } }, Token),
                    1 => http.GetAsync(new Uri("api/search?text=a+cat", UriKind.Relative), Token),
                    2 => http.GetAsync(new Uri("api/health/ready", UriKind.Relative), Token),
                    3 => PostPictureAsync("api/classify", client + i),
                    _ => PostPictureAsync("api/embed/image", client + i),
                });
                Assert.True(answer.IsSuccessStatusCode || (int)answer.StatusCode == 400, $"{answer.RequestMessage!.RequestUri}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(Token)}\n{host.Output}");
            }
        }

        async Task<HttpResponseMessage> PostPictureAsync(string path, int number)
        {
            using ByteArrayContent content = new(Gallery.File(number));
            content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
            return await http.PostAsync(new Uri(path, UriKind.Relative), content, Token);
        }

        async Task EvaluateAsync(string kind)
        {
            using HttpResponseMessage started = await http.PostAsJsonAsync("api/evaluations", new { dataset = "drawn", kind }, Token);
            Assert.True(started.IsSuccessStatusCode, await started.Content.ReadAsStringAsync(Token));
            string id = (string)JsonNode.Parse(await started.Content.ReadAsStringAsync(Token))!["runId"]!;
            while (true)
            {
                string status = await http.GetStringAsync(new Uri($"api/evaluations/{id}", UriKind.Relative), Token);
                string state = (string)JsonNode.Parse(status)!["state"]!;
                Assert.True(state is not "failed", status);
                if (state == "done")
                {
                    return;
                }

                await Task.Delay(100, Token);
            }
        }
    }
}
