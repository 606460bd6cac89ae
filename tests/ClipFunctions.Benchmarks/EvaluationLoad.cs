using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.Testing;
using SkiaSharp;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// A linear probe on many small pictures, one blob each, one of a thousand damaged: on one local host, on three, and on three of which one is killed
/// half-way while a shard's message comes twice. The reports of all must be the same but for times and ids.
/// </summary>
internal static class EvaluationLoad
{
    private const string Dataset = "drawn";
    private const int Classes = 10;
    private const int Side = 48;
    private const int DamagedOneIn = 1000;
    private const int TestOneIn = 10;
    private const int Hosts = 3;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    public static async Task RunAsync(int pictures)
    {
        await using AzuriteServer azurite = new();
        await azurite.InitializeAsync();
        BlobServiceClient blobs = new(azurite.ConnectionString);
        QueueServiceClient queues = new(azurite.ConnectionString);
        BlobContainerClient datasets = blobs.GetBlobContainerClient("datasets");
        await datasets.CreateIfNotExistsAsync();
        long start = Stopwatch.GetTimestamp();
        int damaged = await UploadAsync(datasets, pictures);
        Console.WriteLine(Text($"{pictures} pictures of {Side}×{Side}, {damaged} of them damaged, uploaded in {Seconds(start):F0} s"));

        Trial trial = new(azurite, blobs.GetBlobContainerClient("evaluations"), queues);
        (string Name, int Hosts, bool Disturbed)[] runs = [("one host", 1, false), ("three hosts", Hosts, false), ("three hosts, one killed half-way, a shard's message twice", Hosts, true)];
        List<(string Name, double Seconds, string Report)> results = [];
        foreach ((string name, int hosts, bool disturbed) in runs)
        {
            await trial.ForgetVectorsAsync();
            (double seconds, string report) = await trial.RunAsync($"run-{results.Count}", hosts, disturbed);
            results.Add((name, seconds, report));
            Console.WriteLine(Text($"{name}: {seconds:F1} s, {pictures / seconds:F0} pictures/s"));
        }

        bool same = results.TrueForAll(result => result.Report == results[0].Report);
        JsonNode faults = JsonNode.Parse(results[0].Report)!["dataset"]!["faults"]!;
        Console.WriteLine(Text($"bad pictures in the reports: {faults["total"]}; speed-up of three hosts {results[0].Seconds / results[1].Seconds:F2}"));
        Console.WriteLine(same ? "the three reports are the same, byte for byte, but for times and ids" : "THE REPORTS DIFFER");
        if (!same)
        {
            foreach ((string name, _, string report) in results)
            {
                await File.WriteAllTextAsync(Path.Combine(Path.GetTempPath(), $"report-{name.Length}.json"), report);
            }
        }
    }

    private static async Task<int> UploadAsync(BlobContainerClient datasets, int pictures)
    {
        int damaged = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, pictures), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, token) =>
        {
            int label = i % Classes;
            string split = i / Classes % TestOneIn == 0 ? "test" : "train";
            byte[] content = DrawnPictures.Encode($"class {label}", label, i, Side, SKEncodedImageFormat.Jpeg);
            if (i % DamagedOneIn == DamagedOneIn / 2)
            {
                content = content[..(content.Length / 3)];
                Interlocked.Increment(ref damaged);
            }

            await datasets.GetBlobClient(string.Create(CultureInfo.InvariantCulture, $"{Dataset}/{split}/class {label}/{i:d6}.jpg")).UploadAsync(new BinaryData(content), token);
        });
        return damaged;
    }

    private static double Seconds(long start) => Stopwatch.GetElapsedTime(start).TotalSeconds;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Trial(AzuriteServer azurite, BlobContainerClient evaluations, QueueServiceClient queues)
    {
        public async Task ForgetVectorsAsync()
        {
            await evaluations.CreateIfNotExistsAsync();
            await foreach (BlobItem blob in evaluations.GetBlobsAsync(new GetBlobsOptions { Prefix = ".features/" }))
            {
                await evaluations.DeleteBlobAsync(blob.Name);
            }
        }

        public async Task<(double Seconds, string Report)> RunAsync(string runId, int hosts, bool disturbed)
        {
            string[] arguments =
            [
                $"--ClipStorage={azurite.ConnectionString}", $"--AzureWebJobsStorage={azurite.ConnectionString}", "--Logging:LogLevel:Default=Warning",
                "--AzureWebJobs.TagUploadOnScan.Disabled=true", "--LocalHost:Evaluations:Visibility=00:00:05",
            ];
            List<LocalHostProcess> processes = [];
            try
            {
                for (int i = 0; i < hosts; i++)
                {
                    processes.Add(await LocalHostProcess.StartAsync(arguments));
                }

                QueueClient queue = queues.GetQueueClient("clip-evaluations");
                await queue.CreateIfNotExistsAsync();
                long start = Stopwatch.GetTimestamp();
                await queue.SendMessageAsync(Text($$"""{"runId":"{{runId}}","dataset":"{{Dataset}}","model":"demo","C":0.316}"""));
                if (disturbed)
                {
                    await DisturbAsync(runId, processes[0]);
                }

                while (await StateAsync(runId) is var state && state != "done")
                {
                    if (state == "failed" || Seconds(start) > Patience.TotalSeconds)
                    {
                        throw new InvalidOperationException($"The run is {state}: {await ReadAsync(runId, "status.json")}");
                    }

                    await Task.Delay(Poll);
                }

                double seconds = Seconds(start);
                JsonObject report = JsonNode.Parse(await ReadAsync(runId, "report.json"))!.AsObject();
                foreach (string own in (string[])["runId", "created", "timings"])
                {
                    report.Remove(own);
                }

                return (seconds, report.ToJsonString());
            }
            finally
            {
                foreach (LocalHostProcess process in processes)
                {
                    await process.DisposeAsync();
                }
            }
        }

        /// <summary>Sends a waiting shard's message a second time, and kills a host when some, but not all, shards are there.</summary>
        private async Task DisturbAsync(string runId, LocalHostProcess victim)
        {
            QueueClient shards = queues.GetQueueClient("clip-evaluation-shards");
            bool duplicated = false;
            int planned = int.MaxValue;
            long start = Stopwatch.GetTimestamp();
            while (Seconds(start) < Patience.TotalSeconds)
            {
                if (!duplicated && (await shards.ExistsAsync()) && (await shards.PeekMessageAsync()).Value is PeekedMessage message)
                {
                    await shards.SendMessageAsync(message.Body);
                    duplicated = true;
                }

                if (await ReadAsync(runId, "run.json") is { Length: > 0 } run)
                {
                    planned = JsonNode.Parse(run)!["shards"]!.AsArray().Count;
                }

                int done = 0;
                await foreach (BlobItem blob in evaluations.GetBlobsAsync(new GetBlobsOptions { Prefix = ".features/" }))
                {
                    done += blob.Name.EndsWith(".npy", StringComparison.Ordinal) ? 1 : 0;
                }

                if (duplicated && done >= planned / 3)
                {
                    await victim.KillAsync();
                    Console.WriteLine(Text($"  killed process {victim.ProcessId} with {done} of {planned} shards done; a shard's message sent twice"));
                    return;
                }

                await Task.Delay(Poll);
            }

            throw new InvalidOperationException("The run never came half-way.");
        }

        private async Task<string> StateAsync(string runId) =>
            await ReadAsync(runId, "status.json") is { Length: > 0 } status ? (string)JsonNode.Parse(status)!["state"]! : "unknown";

        private async Task<string> ReadAsync(string runId, string file)
        {
            BlobClient blob = evaluations.GetBlobClient($"{runId}/{file}");
            return await blob.ExistsAsync() ? (await blob.DownloadContentAsync()).Value.Content.ToString() : "";
        }
    }
}
