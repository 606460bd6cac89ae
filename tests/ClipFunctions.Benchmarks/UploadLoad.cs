using System.Diagnostics;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
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
        BlobContainerClient uploads = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("uploads");
        await uploads.CreateAsync();
        string[] arguments = [$"--ClipStorage={azurite.ConnectionString}", $"--AzureWebJobsStorage={azurite.ConnectionString}", "--Logging:LogLevel:Default=Warning"];

        List<double> latencies = [];
        await using (LocalHostProcess host = await LocalHostProcess.StartAsync(arguments))
        {
            for (int i = 0; i < Singles; i++)
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
        }

        latencies.Sort();
        Console.WriteLine($"one upload to its tags, {Singles} times: median {latencies[Singles / 2]:F0} ms, 95 % {latencies[Singles * 95 / 100]:F0} ms, worst {latencies[^1]:F0} ms");

        // All uploads lie ready before the host starts, so that only its own work is timed.
        await Parallel.ForEachAsync(
            Enumerable.Range(0, pictures),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, token) => await uploads.GetBlobClient($"many/{i:d6}.jpg").UploadAsync(new BinaryData(files[i % files.Length]), token));
        await using (LocalHostProcess host = await LocalHostProcess.StartAsync(arguments))
        {
            long start = 0;
            int first = 0;
            while (true)
            {
                int tagged = 0;
                await foreach (BlobItem blob in uploads.GetBlobsAsync(new GetBlobsOptions { Prefix = "many/", Traits = BlobTraits.Tags }))
                {
                    tagged += blob.Tags?.ContainsKey(UploadTags.State) == true ? 1 : 0;
                }

                if (start == 0 && tagged > 0)
                {
                    start = Stopwatch.GetTimestamp();
                    first = tagged;
                }

                if (tagged == pictures)
                {
                    double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                    Console.WriteLine($"{pictures} uploads lying ready: {(pictures - first) / seconds:F0} pictures/s");
                    return;
                }

                await Task.Delay(ListingPoll);
            }
        }
    }
}
