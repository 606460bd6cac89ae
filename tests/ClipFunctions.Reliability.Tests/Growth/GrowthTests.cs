using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Reliability.Tests.Models;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Growth;

/// <summary>
/// What a host holds does not grow with time, requests, uploads, or models that come and go. <c>CLIP_SOAK_MINUTES</c> tells how long the long form of the
/// mixed load is (30).
/// </summary>
public sealed class GrowthTests(AzuriteServer azurite)
{
    private const int Names = 100;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task MixedLoadForHalfAMinuteAddsNeitherHandlesNorThreads() => MixedLoadAsync(TimeSpan.FromSeconds(25), warmUp: 0.5, megabytes: 150, handles: 25, threads: 12);

    [Fact(Explicit = true)]
    [Trait("Category", "Soak")]
    public Task MixedLoadForLongAddsNothing() => MixedLoadAsync(
        TimeSpan.FromMinutes(double.TryParse(Environment.GetEnvironmentVariable("CLIP_SOAK_MINUTES"), CultureInfo.InvariantCulture, out double minutes) ? minutes : 30),
        warmUp: 0.25,
        megabytes: 48,
        handles: 12,
        threads: 6);

    [Fact]
    public Task FiftyModelsThatComeAndGoLeaveNothing() => EvictionsAsync(50, megabytes: 60);

    [Fact(Explicit = true)]
    [Trait("Category", "Soak")]
    public Task SixHundredModelsThatComeAndGoLeaveNothing() => EvictionsAsync(600, megabytes: 48);

    private async Task MixedLoadAsync(TimeSpan duration, double warmUp, double megabytes, double handles, double threads)
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(storage.Arguments());
        using HttpClient http = new() { BaseAddress = host.Address };
        long start = Stopwatch.GetTimestamp();
        bool IsOver() => Stopwatch.GetElapsedTime(start) > duration;
        int uploads = 0;
        int requests = 0;

        async Task UploadAsync()
        {
            // Names come again, so that what is stored does not grow.
            for (; !IsOver(); uploads++)
            {
                await storage.UploadAsync($"{uploads % Names}.jpg", uploads % Gallery.Count, Token);
                await Task.Delay(100, Token);
            }
        }

        async Task AskAsync(int client)
        {
            for (int i = client; !IsOver(); i += 3)
            {
                using HttpResponseMessage answer = await ((i % 4) switch
                {
                    0 => http.PostAsJsonAsync("api/embed/text", new { texts = new[] { $"a picture of number {i % 50}", "a cat" } }, Token),
                    1 => http.GetAsync(new Uri($"api/search?text=a+cat+{i % 20}", UriKind.Relative), Token),
                    _ => PostPictureAsync(i % 4 == 2 ? "api/embed/image" : "api/classify", i % Gallery.Count),
                });
                Assert.True((int)answer.StatusCode < 500, $"{answer.RequestMessage!.RequestUri}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(Token)}");
                Interlocked.Increment(ref requests);
                await Task.Delay(50, Token);
            }
        }

        async Task<HttpResponseMessage> PostPictureAsync(string path, int number)
        {
            using ByteArrayContent content = new(Gallery.File(number));
            content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
            return await http.PostAsync(new Uri(path, UriKind.Relative), content, Token);
        }

        Task load = Task.WhenAll([UploadAsync(), .. Enumerable.Range(0, 3).Select(AskAsync)]);
        ResourceTrend trend = new(await SampleAsync(host, start, load, duration / 60), warmUp);
        await load;

        Tell($"mixed load, {duration.TotalMinutes:F1} min", $"{uploads:N0} uploads, {requests:N0} requests", trend);
        trend.AssertFlat(megabytes, handles, threads, host.Output);
        Assert.True(requests > 50 && uploads > 50, $"{requests} requests, {uploads} uploads");
    }

    private async Task EvictionsAsync(int cycles, double megabytes)
    {
        using FaultyBundle bundle = new();
        bundle.Repair();
        await using TestStorage storage = new(azurite.ConnectionString);

        // The budget holds no model, so that each request for another one frees the last.
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. storage.Arguments(), $"--Clip:CacheDirectory={bundle.Root}", "--Clip:MemoryBudgetMB=1"]);
        using HttpClient http = new() { BaseAddress = host.Address };
        long start = Stopwatch.GetTimestamp();
        int done = 0;
        async Task CycleAsync()
        {
            for (; done < cycles; done++)
            {
                string model = done % 2 == 0 ? FaultyBundle.Id : "demo";
                using HttpResponseMessage answer = await http.PostAsJsonAsync("api/embed/text", new { texts = new[] { "a cat" }, model }, Token);
                Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Token)}");
            }
        }

        Task cycling = CycleAsync();
        ResourceTrend trend = new(await SampleAsync(host, start, cycling, TimeSpan.FromMilliseconds(cycles > 100 ? 1000 : 100)), warmUp: 0.3);
        await cycling;

        Tell("models evicted and loaded anew", $"{cycles:N0} loads", trend);
        trend.AssertFlat(megabytes, handles: 10, threads: 6, host.Output);
        int loads = host.Output.Split("Loaded model ").Length - 1;
        Assert.True(loads >= cycles, $"{loads} loads in {cycles} cycles");
    }

    private static async Task<IReadOnlyList<ResourceSample>> SampleAsync(LocalHostProcess host, long start, Task load, TimeSpan every)
    {
        List<ResourceSample> samples = [ResourceSample.Take(host.ProcessId, start)];
        TimeSpan pause = every < TimeSpan.FromSeconds(10) ? every : TimeSpan.FromSeconds(10);
        while (!load.IsCompleted)
        {
            await Task.Delay(pause, Token);
            samples.Add(ResourceSample.Take(host.ProcessId, start));
        }

        return samples;
    }

    private static void Tell(string what, string amount, ResourceTrend trend) => Console.WriteLine($"| {what} | {amount} | {trend} |");
}
