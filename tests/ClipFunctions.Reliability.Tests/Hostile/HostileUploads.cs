using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using ClipFunctions.Testing.Hostile;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>Uploads hostile pictures beside sound ones to a real host, and looks at what became of each.</summary>
internal static class HostileUploads
{
    private const int Parallelism = 16;

    /// <summary>Runs it.</summary>
    /// <param name="azurite">The storage.</param>
    /// <param name="pictures">The hostile pictures, by their blobs' names.</param>
    /// <param name="neighbours">How many sound pictures come between them.</param>
    /// <param name="limits">The host's limits.</param>
    /// <param name="seconds">How long all of it may take after the last upload.</param>
    public static async Task<HostileReport> RunAsync(AzuriteServer azurite, IReadOnlyDictionary<string, HostilePicture> pictures, int neighbours, ImageLimits limits, int seconds)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(token);
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([
            .. storage.Arguments(),
            string.Create(CultureInfo.InvariantCulture, $"--Clip:Images:MaxPixels={limits.MaxPixels}"),
            $"--Clip:Images:MaxDecodeTime={limits.MaxDecodeTime:c}",
        ]);
        long start = Stopwatch.GetTimestamp();
        int every = Math.Max(1, pictures.Count / neighbours);
        await Parallel.ForEachAsync(pictures.Select((picture, i) => (picture, i)), new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = token }, async (upload, stop) =>
        {
            await storage.Uploads.GetBlobClient(upload.picture.Key).UploadAsync(new BinaryData(upload.picture.Value.File), overwrite: true, stop);
            if (upload.i % every == 0)
            {
                int number = upload.i / every;
                await storage.UploadAsync($"neighbour-{number}.jpg", number % Gallery.Count, stop);
            }
        });

        Dictionary<string, BlobItem> listed = [];
        await Wait.UntilAsync(
            async () =>
            {
                listed = await storage.ListAsync(token);
                int waiting = listed.Values.Count(blob => blob.Tags?.ContainsKey(UploadTags.State) != true);
                return waiting <= (waiting == 0 ? 0 : (await storage.PoisonedAsync(token)).Count) && await storage.QueuedAsync(token) == 0;
            },
            "all uploads have a state, or were given up",
            () => $"waiting: {string.Join(", ", listed.Values.Where(blob => blob.Tags?.ContainsKey(UploadTags.State) != true).Select(blob => pictures.TryGetValue(blob.Name, out HostilePicture? picture) ? picture.ToString() : blob.Name).Take(10))}\n{host.Output[^Math.Min(host.Output.Length, 6000)..]}",
            seconds);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        List<string> faults = [.. (await storage.PoisonedAsync(token)).Select(message => $"given up: {message.Body}")];
        Dictionary<string, int> outcomes = [];
        ImageDecoder decoder = new(limits);
        foreach ((string name, HostilePicture picture) in pictures)
        {
            string etag = ListedETag.Of(listed[name])!.Value.ToString("G");
            UploadResult? record = JsonSerializer.Deserialize<UploadResult>(
                (await storage.Results.GetBlobClient(StorageLayout.ResultName(name)).DownloadContentAsync(token)).Value.Content, JsonSerializerOptions.Web);
            string outcome = record is { State: UploadState.Tagged, Failure: null, Labels.Count: > 0 } ? HostilePicture.Decodes : record?.Failure?.Reason ?? "no reason";
            long judging = Stopwatch.GetTimestamp();
            string expected = Outcome(decoder, picture);

            // Whether there is time enough is the machine's to say, if it is not plenty.
            bool isSlow = expected is DecodeTimeoutException.Code or HostilePicture.Decodes && Stopwatch.GetElapsedTime(judging) > limits.MaxDecodeTime / 10;
            if (record?.Source.ETag != etag || (outcome != expected && !(isSlow && outcome is DecodeTimeoutException.Code or HostilePicture.Decodes)))
            {
                faults.Add($"{picture}, {name}: the record of {record?.Source.ETag} says {outcome}, where {etag} is {expected}");
            }

            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        // The oracle knows of the neighbours alone.
        foreach (string name in pictures.Keys)
        {
            await storage.Uploads.DeleteBlobIfExistsAsync(name, cancellationToken: token);
        }

        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, null, 30, token);
        Assert.Equal(System.Net.HttpStatusCode.OK, await host.GetAsync("api/health/ready"));
        return new HostileReport
        {
            Outcomes = outcomes,
            Faults = faults,
            Neighbours = verdict,
            Elapsed = elapsed,
            PeakMemory = PeakMemory(host.ProcessId),
        };
    }

    /// <summary>What a decoder of its own says of a picture.</summary>
    public static string Outcome(ImageDecoder decoder, HostilePicture picture)
    {
        try
        {
            new ClipPreprocessor(ImagePreprocessing.OpenAi(16), decoder).Preprocess(picture.File, TestContext.Current.CancellationToken);
            return HostilePicture.Decodes;
        }
        catch (ImageException exception)
        {
            return exception.Reason;
        }
    }

    /// <summary>The most memory that a process ever held, in MB.</summary>
    public static double PeakMemory(int processId) =>
        double.Parse(File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(['\t', ' '], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
}
