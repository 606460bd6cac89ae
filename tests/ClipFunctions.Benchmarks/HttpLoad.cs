using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// Many clients that post one picture after another to the local host's <c>api/embed/image</c>, against the encoder itself on the same
/// pictures in batches of 32 (decoding included), before and after. Clients and host share the machine's cores.
/// </summary>
internal static class HttpLoad
{
    private const int Clients = 64;
    private const int Pictures = 64;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(string folder, string model, ModelPrecision precision, int seconds)
    {
        ReadOnlyMemory<byte>[] pictures = [.. Enumerable.Range(0, Pictures).Select(i => (ReadOnlyMemory<byte>)TestPictures.Jpeg(i, 640, 480))];
        ModelBundle bundle = await BareEncoder.BundleAsync(folder, model, precision);
        (double rawBefore, _) = await BareEncoder.MeasureAsync(bundle, pictures);

        await using AzuriteServer azurite = new();
        await azurite.InitializeAsync();
        Measurement http;
        await using (LocalHostProcess host = await LocalHostProcess.StartAsync(
            $"--ClipStorage={azurite.ConnectionString}",
            $"--AzureWebJobsStorage={azurite.ConnectionString}",
            $"--Clip:CacheDirectory={folder}",
            "--AzureWebJobs.TagUploadOnScan.Disabled=true",
            "--Logging:LogLevel:Default=Warning"))
        {
            http = await ClientsAsync(host, pictures, $"api/embed/image?encoding=base64&model={Uri.EscapeDataString($"{model}:{ModelRequest.NameOf(precision)}")}", TimeSpan.FromSeconds(seconds));
        }

        (double rawAfter, _) = await BareEncoder.MeasureAsync(bundle, pictures);
        double raw = (rawBefore + rawAfter) / 2;
        Console.WriteLine("| model | encoder alone, before and after | over HTTP | ratio | median | 99 % | worst | answers | 429 | failures | resident memory: after 5 s | at the end | 5 s later |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {model} {ModelRequest.NameOf(precision)} | {rawBefore:F1} and {rawAfter:F1}/s | {http.PerSecond:F1}/s | {http.PerSecond / raw:P0} | {http.At(0.5):F0} ms | {http.At(0.99):F0} ms | {http.At(1):F0} ms | {http.Latencies.Count} | {http.TurnedAway} | {http.Failures} | {http.MemoryEarly:F0} MB | {http.MemoryLate:F0} MB | {http.MemoryAfter:F0} MB |"));
    }

    private static async Task<Measurement> ClientsAsync(LocalHostProcess host, ReadOnlyMemory<byte>[] pictures, string path, TimeSpan time)
    {
        Measurement measurement = new();
        using HttpClient client = new(new SocketsHttpHandler { MaxConnectionsPerServer = Clients }) { BaseAddress = host.Address };
        (await PostAsync(client, path, pictures[0])).Dispose();

        long start = Stopwatch.GetTimestamp();
        Task memory = Task.Run(async () =>
        {
            await Task.Delay(Settling);
            measurement.MemoryEarly = Memory(host);
        });
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => Task.Run(async () =>
        {
            for (int i = number; Stopwatch.GetElapsedTime(start) < time; i++)
            {
                long sent = Stopwatch.GetTimestamp();
                using HttpResponseMessage response = await PostAsync(client, path, pictures[i % pictures.Length]);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    measurement.Latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                }
                else if (response.StatusCode == HttpStatusCode.TooManyRequests)
                {
                    Interlocked.Increment(ref measurement.TurnedAway);
                    await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1));
                }
                else
                {
                    Interlocked.Increment(ref measurement.Failures);
                    Console.Error.WriteLine(await response.Content.ReadAsStringAsync());
                }
            }
        })));
        measurement.PerSecond = measurement.Latencies.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await memory;
        measurement.MemoryLate = Memory(host);
        await Task.Delay(Settling);
        measurement.MemoryAfter = Memory(host);
        measurement.Sorted = [.. measurement.Latencies.Order()];
        return measurement;
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, ReadOnlyMemory<byte> picture)
    {
        ReadOnlyMemoryContent content = new(picture);
        content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        return await client.PostAsync(new Uri(path, UriKind.Relative), content);
    }

    private static double Memory(LocalHostProcess host) => Process.GetProcessById(host.ProcessId).WorkingSet64 / 1e6;

    private sealed class Measurement
    {
        public int TurnedAway;

        public int Failures;

        public ConcurrentBag<double> Latencies { get; } = [];

        public double[] Sorted { get; set; } = [];

        public double PerSecond { get; set; }

        public double MemoryEarly { get; set; }

        public double MemoryLate { get; set; }

        public double MemoryAfter { get; set; }

        public double At(double share) => Sorted.Length == 0 ? double.NaN : Sorted[Math.Min(Sorted.Length - 1, (int)(share * Sorted.Length))];
    }
}
