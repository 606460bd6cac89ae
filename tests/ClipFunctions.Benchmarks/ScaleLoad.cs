using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;
using SkiaSharp;

namespace ClipFunctions.Benchmarks;

/// <summary>What a picture costs as the work grows: labels, uploads, pictures of an evaluation; by the <c>demo</c> model, so that all but the encoder shows.</summary>
internal static class ScaleLoad
{
    private const int Side = 48;
    private const int Classes = 10;
    private const int TestOneIn = 10;
    private const int PerArchive = 10_000;
    private const int DistinctPictures = 5_000;
    private const int Repeats = 200;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    /// <summary>One picture against label sets of growing size: the first time, when the prompts are encoded, and afterwards.</summary>
    public static async Task LabelsAsync(IEnumerable<int> counts)
    {
        ModelBundle bundle = await BareEncoder.BundleAsync("", "demo", ModelPrecision.Fp32);
        using ClipModel model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" });
        EmbeddingMatrix picture = model.EncodeImage([TestPictures.Jpeg(1, 640, 480)]);
        ZeroShotClassifier warm = new();
        for (int i = 0; i < 10 * Repeats; i++)
        {
            // Until it is compiled for good, which wants pauses.
            if (i % Repeats == 0)
            {
                await Task.Delay(Poll);
            }

            await warm.ClassifyAsync(model, picture, new LabelSet("warm", [.. Enumerable.Range(0, 100).Select(label => Text($"{label}"))]));
        }

        Console.WriteLine("| labels | prompts encoded, once | for each label | classify a picture, then | for each label | vectors in memory |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (int count in counts)
        {
            ZeroShotClassifier classifier = new();
            LabelSet labels = new("scale", Enumerable.Range(0, count).Select(i => Text($"thing number {i}")));
            long start = Stopwatch.GetTimestamp();
            await classifier.ClassifyAsync(model, picture, labels);
            double first = Seconds(start);
            List<double> times = [];
            for (int i = 0; i < Repeats; i++)
            {
                start = Stopwatch.GetTimestamp();
                await classifier.ClassifyAsync(model, picture, labels);
                times.Add(Seconds(start));
            }

            times.Sort();
            double then = times[Repeats / 2];
            Console.WriteLine(Text($"| {count:N0} | {first:F2} s | {first / count * 1e6:F0} µs | {then * 1e3:F3} ms | {then / count * 1e9:F0} ns | {count * 4.0 * model.EmbeddingDimension / (1 << 20):F1} MB |"));
        }
    }

    /// <summary>Uploads lying ready when the local host starts, and one more when all of them are tagged.</summary>
    public static async Task FilesAsync(IEnumerable<int> counts)
    {
        byte[][] files = [.. Enumerable.Range(0, 64).Select(i => TestPictures.Jpeg(i, 640, 480))];
        Console.WriteLine("| uploads | tagged | host's processor time for each | Azurite's | host's working set, at most | one more upload until its tags stand, median of 20 |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (int count in counts)
        {
            await using AzuriteServer azurite = new();
            await azurite.InitializeAsync();
            await new BlobServiceClient(azurite.ConnectionString).CreateBlobContainerAsync("uploads");
            string[] arguments = [$"--ClipStorage={azurite.ConnectionString}", $"--AzureWebJobsStorage={azurite.ConnectionString}", "--Logging:LogLevel:Default=Warning"];
            UploadLoad.Throughput throughput = await UploadLoad.ManyAsync(azurite, count, files, arguments);
            double wait = await UploadLoad.SinglesAsync(azurite, 20, files, arguments);
            Console.WriteLine(Text($"| {count:N0} | {throughput.PerSecond:F0}/s | {1000 * throughput.HostCpu:F1} ms | {1000 * throughput.AzuriteCpu:F1} ms | {throughput.HostPeak / (1 << 20):N0} MB | {1000 * wait:F0} ms |"));
        }
    }

    /// <summary>Linear probes on growing data sets, in archives of 10,000 small pictures.</summary>
    public static async Task EvaluationsAsync(IEnumerable<int> counts)
    {
        byte[][] pictures = [.. Enumerable.Range(0, DistinctPictures).Select(i => DrawnPictures.Encode($"class {i % Classes}", i % Classes, i, Side, SKEncodedImageFormat.Jpeg))];
        Console.WriteLine("| pictures | message to report | for each picture | of it planning | … extracting vectors | … fitting | top-1 | host's working set, at most | Azurite's |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (int count in counts)
        {
            await using AzuriteServer azurite = new();
            await azurite.InitializeAsync();
            BlobServiceClient blobs = new(azurite.ConnectionString);
            BlobContainerClient datasets = await blobs.CreateBlobContainerAsync("datasets");
            await WriteArchivesAsync(datasets, count, pictures);
            QueueClient queue = new(azurite.ConnectionString, "clip-evaluations");
            await queue.CreateAsync();
            await using LocalHostProcess host = await LocalHostProcess.StartAsync(
                $"--ClipStorage={azurite.ConnectionString}", $"--AzureWebJobsStorage={azurite.ConnectionString}", "--Logging:LogLevel:Default=Warning", "--AzureWebJobs.TagUploadOnScan.Disabled=true");
            using Process process = Process.GetProcessById(host.ProcessId);
            long start = Stopwatch.GetTimestamp();
            await queue.SendMessageAsync("""{"runId":"scale","dataset":"drawn","model":"demo","C":0.316}""");
            BlobContainerClient evaluations = blobs.GetBlobContainerClient("evaluations");
            long peak = 0;
            string state;
            while ((state = await StateAsync(evaluations)) != "done")
            {
                process.Refresh();
                peak = Math.Max(peak, process.WorkingSet64);
                if (state == "failed" || Seconds(start) > Patience.TotalSeconds)
                {
                    throw new InvalidOperationException($"The run is {state}: {await ReadAsync(evaluations, "status.json")}");
                }

                await Task.Delay(Poll);
            }

            double seconds = Seconds(start);
            JsonNode status = JsonNode.Parse(await ReadAsync(evaluations, "status.json"))!;
            JsonNode timings = status["timings"]!;
            Console.WriteLine(Text($"| {count:N0} | {seconds:F1} s | {1000 * seconds / count:F2} ms | {(double)timings["planSeconds"]!:F1} s | {(double)timings["extractSeconds"]!:F1} s | {(double)timings["fitSeconds"]!:F1} s | {(double)status["top1"]!:P1} | {peak / (1 << 20):N0} MB | {azurite.WorkingSet / (1 << 20):N0} MB |"));
        }
    }

    private static async Task WriteArchivesAsync(BlobContainerClient datasets, int count, byte[][] pictures)
    {
        for (int first = 0; first < count; first += PerArchive)
        {
            await using Stream blob = await datasets.GetBlobClient(Text($"drawn/{first / PerArchive:d4}.tar")).OpenWriteAsync(overwrite: true);
            await using TarWriter tar = new(blob, TarEntryFormat.Ustar);
            for (int i = first; i < Math.Min(first + PerArchive, count); i++)
            {
                string split = i / Classes % TestOneIn == 0 ? "test" : "train";
                using MemoryStream content = new(pictures[i % pictures.Length]);
                await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, Text($"{split}/class {i % Classes}/{i:d7}.jpg")) { DataStream = content });
            }
        }
    }

    private static async Task<string> StateAsync(BlobContainerClient evaluations) =>
        await ReadAsync(evaluations, "status.json") is { Length: > 0 } status ? (string)JsonNode.Parse(status)!["state"]! : "unknown";

    private static async Task<string> ReadAsync(BlobContainerClient evaluations, string file)
    {
        BlobClient blob = evaluations.GetBlobClient($"scale/{file}");
        return await blob.ExistsAsync() ? (await blob.DownloadContentAsync()).Value.Content.ToString() : "";
    }

    private static double Seconds(long start) => Stopwatch.GetElapsedTime(start).TotalSeconds;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
