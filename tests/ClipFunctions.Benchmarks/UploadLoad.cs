using System.Diagnostics;
using System.Globalization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// The local host from outside, on Azurite: how long one upload waits for its tags, and how many pictures per second are
/// tagged when many lie ready. Client, Azurite and host share the machine's cores.
/// </summary>
internal static class UploadLoad
{
    private const int Singles = 50;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    // Listing a thousand tagged blobs is work for Azurite too: it is done seldom.
    private static readonly TimeSpan ListingPoll = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(int pictures)
    {
        byte[][] files = [.. Enumerable.Range(0, 16).Select(i => TestPictures.Jpeg(i, 640, 480))];
        await using AzuriteServer azurite = new();
        await azurite.InitializeAsync();
        await new BlobServiceClient(azurite.ConnectionString).CreateBlobContainerAsync("uploads");
        string[] arguments = [$"--ClipStorage={azurite.ConnectionString}", $"--AzureWebJobsStorage={azurite.ConnectionString}", "--Logging:LogLevel:Default=Warning"];

        List<double> latencies = await WaitsAsync(azurite, Singles, files, arguments);
        Console.WriteLine($"one upload to its tags, {Singles} times: median {latencies[Singles / 2]:F0} ms, 95 % {latencies[Singles * 95 / 100]:F0} ms, worst {latencies[^1]:F0} ms");

        await ManyAsync(azurite, pictures, files, arguments);
    }

    /// <summary>Many uploads against the bare encoder on the same pictures, before and after.</summary>
    public static async Task CompareAsync(string folder, string model, ModelPrecision precision, int pictures)
    {
        byte[][] files = [.. Enumerable.Range(0, 64).Select(i => TestPictures.Jpeg(i, 640, 480))];
        ReadOnlyMemory<byte>[] encoded = [.. files.Select(file => (ReadOnlyMemory<byte>)file)];
        ModelBundle bundle = await BareEncoder.BundleAsync(folder, model, precision);
        (double before, double cpuBefore) = await BareEncoder.MeasureAsync(bundle, encoded);
        Throughput throughput;
        await using (AzuriteServer azurite = new())
        {
            await azurite.InitializeAsync();
            await new BlobServiceClient(azurite.ConnectionString).CreateBlobContainerAsync("uploads");
            string name = $"{model}:{ModelRequest.NameOf(precision)}";
            throughput = await ManyAsync(
                azurite,
                pictures,
                files,
                [
                    $"--ClipStorage={azurite.ConnectionString}", $"--AzureWebJobsStorage={azurite.ConnectionString}", "--Logging:LogLevel:Default=Warning",
                    $"--Clip:CacheDirectory={folder}", $"--Clip:Model={name}", $"--Clip:Preload={name}", "--Clip:Labels:0=a diagram", "--Clip:Labels:1=a dog", "--Clip:Labels:2=a cat",
                ]);
        }

        (double after, double cpuAfter) = await BareEncoder.MeasureAsync(bundle, encoded);
        double bare = (before + after) / 2;
        double cpu = (cpuBefore + cpuAfter) / 2;
        Console.WriteLine("| model | encoder alone, before and after | uploads → tags | ratio | processor time per picture: encoder alone | … host | … Azurite | host's share in the encoder |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {model} {ModelRequest.NameOf(precision)} | {before:F1} and {after:F1}/s | {throughput.PerSecond:F1}/s | {throughput.PerSecond / bare:P0} | {1000 * cpu:F1} ms | {1000 * throughput.HostCpu:F1} ms | {1000 * throughput.AzuriteCpu:F1} ms | {cpu / throughput.HostCpu:P0} |"));
    }

    /// <summary>One upload after the other, each until its tags stand.</summary>
    /// <returns>The median in seconds.</returns>
    public static async Task<double> SinglesAsync(AzuriteServer azurite, int count, byte[][] files, string[] arguments) =>
        (await WaitsAsync(azurite, count, files, arguments))[count / 2] / 1000;

    private static async Task<List<double>> WaitsAsync(AzuriteServer azurite, int count, byte[][] files, string[] arguments)
    {
        BlobContainerClient uploads = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("uploads");
        List<double> latencies = [];
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(arguments);
        for (int i = 0; i < count; i++)
        {
            BlobClient blob = uploads.GetBlobClient($"single/{i}.jpg");
            await blob.UploadAsync(new BinaryData(files[i % files.Length]));
            long start = Stopwatch.GetTimestamp();
            while (!(await blob.GetTagsAsync()).Value.Tags.ContainsKey(UploadTags.State))
            {
                await Task.Delay(Poll);
            }

            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        latencies.Sort();
        return latencies;
    }

    /// <summary>All uploads lie ready before the host starts, so that only its own work is timed.</summary>
    public static async Task<Throughput> ManyAsync(AzuriteServer azurite, int pictures, byte[][] files, string[] arguments)
    {
        BlobContainerClient uploads = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("uploads");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, pictures),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, token) => await uploads.GetBlobClient($"many/{i:d6}.jpg").UploadAsync(new BinaryData(files[i % files.Length]), token));
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(arguments);
        using Process process = Process.GetProcessById(host.ProcessId);
        long start = 0;
        int first = 0;
        TimeSpan hostBefore = default;
        TimeSpan azuriteBefore = default;
        long peak = 0;
        while (true)
        {
            int tagged = 0;
            await foreach (BlobItem blob in uploads.GetBlobsAsync(new GetBlobsOptions { Prefix = "many/", Traits = BlobTraits.Tags }))
            {
                tagged += blob.Tags?.ContainsKey(UploadTags.State) == true ? 1 : 0;
            }

            process.Refresh();
            peak = Math.Max(peak, process.WorkingSet64);
            if (start == 0 && tagged > 0)
            {
                start = Stopwatch.GetTimestamp();
                first = tagged;
                (hostBefore, azuriteBefore) = (process.TotalProcessorTime, azurite.CpuTime);
            }

            if (tagged == pictures)
            {
                int counted = pictures - first;
                Throughput result = new(
                    counted / Stopwatch.GetElapsedTime(start).TotalSeconds,
                    (process.TotalProcessorTime - hostBefore).TotalSeconds / counted,
                    (azurite.CpuTime - azuriteBefore).TotalSeconds / counted,
                    peak);
                Console.WriteLine($"{pictures} uploads lying ready: {result.PerSecond:F0} pictures/s");
                return result;
            }

            await Task.Delay(ListingPoll);
        }
    }

    public sealed record Throughput(double PerSecond, double HostCpu, double AzuriteCpu, long HostPeak);
}
