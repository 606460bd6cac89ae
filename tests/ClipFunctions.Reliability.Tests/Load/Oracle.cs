using System.Collections.Concurrent;
using System.Diagnostics;
using System.Numerics.Tensors;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using ClipFunctions.LocalHost.BlobTrigger;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>
/// Tells whether every upload got exactly one right result for the version that stands: record, labels, embedding and tags are
/// held against what an undisturbed encoder gives, writes against the proxy's list of them.
/// </summary>
internal static class Oracle
{
    private const int Labels = 3;
    private const float Tolerance = 1e-4f;

    /// <summary>Waits until all seems to be done, then looks; again, if that was too early and time is left.</summary>
    /// <param name="storage">What was uploaded.</param>
    /// <param name="proxy">What all hosts went through; null if they went directly, so that writes are not counted.</param>
    /// <param name="seconds">The longest wait.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<(Verdict Verdict, TimeSpan Settled)> JudgeAsync(TestStorage storage, FaultProxy? proxy, int seconds, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            bool settled = await IsSettledAsync(storage, cancellationToken);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (settled || elapsed.TotalSeconds > seconds)
            {
                Verdict verdict = await LookAsync(storage, proxy, cancellationToken);
                if (verdict.Lost.Count + verdict.Wrong.Count == 0 || Stopwatch.GetElapsedTime(start).TotalSeconds > seconds)
                {
                    return (verdict, elapsed);
                }
            }

            await Task.Delay(storage.Present.Count > 2000 ? 1000 : 100, cancellationToken);
        }
    }

    /// <summary>How many uploads bear a state.</summary>
    public static async Task<int> CountTaggedAsync(TestStorage storage, CancellationToken cancellationToken) =>
        (await storage.ListAsync(cancellationToken)).Values.Count(blob => blob.Tags?.ContainsKey(UploadTags.State) == true);

    private static async Task<bool> IsSettledAsync(TestStorage storage, CancellationToken cancellationToken)
    {
        if (await storage.QueuedAsync(cancellationToken) > 0)
        {
            return false;
        }

        Dictionary<string, BlobItem> listed = await storage.ListAsync(cancellationToken);
        int untagged = listed.Values.Count(blob => blob.Tags?.ContainsKey(UploadTags.State) != true);
        return untagged == 0 || untagged <= (await storage.PoisonedAsync(cancellationToken)).Count;
    }

    private static async Task<Verdict> LookAsync(TestStorage storage, FaultProxy? proxy, CancellationToken cancellationToken)
    {
        Expected[] answers = await Answers.GetAsync();
        Dictionary<string, BlobItem> listed = await storage.ListAsync(cancellationToken);
        ILookup<(string Name, string ETag), RecordWrite> writes = (proxy?.RecordWrites ?? []).ToLookup(write => (write.Upload, write.SourceETag));
        ConcurrentBag<string> lost = [];
        ConcurrentBag<string> givenUp = [];
        ConcurrentBag<string> wrong = [];
        int tagged = 0;
        int failed = 0;

        // Messages may be there twice, because what sent one may not have heard that it was sent.
        HashSet<(string Name, string ETag)> poisoned = [];
        HashSet<string> uploaded = [.. storage.Versions.Select(version => version.Name)];
        foreach (Pipeline.Poison.PoisonMessage message in await storage.PoisonedAsync(cancellationToken))
        {
            BlobTriggerMessage parsed = BlobTriggerMessage.Parse(BinaryData.FromString(message.Body));
            poisoned.Add((parsed.BlobName, parsed.ETag));
            if (!uploaded.Contains(parsed.BlobName))
            {
                wrong.Add($"{parsed.BlobName}: given up, but nobody uploaded it");
            }
        }

        foreach (string stray in listed.Keys.Except(storage.Present.Keys))
        {
            wrong.Add($"{stray}: nobody uploaded it");
        }

        await Parallel.ForEachAsync(storage.Present, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken }, async (upload, token) =>
        {
            if (!listed.TryGetValue(upload.Key, out BlobItem? blob))
            {
                lost.Add($"{upload.Key}: the blob itself");
                return;
            }

            string etag = ListedETag.Of(blob)!.Value.ToString("G");
            StoredRecord stored = await ReadAsync(storage, upload.Key, token);
            if (stored.Result?.Source.ETag != etag)
            {
                (poisoned.Contains((upload.Key, etag)) ? givenUp : lost).Add(upload.Key);
                return;
            }

            foreach (string fault in await FaultsAsync(storage, stored, answers[upload.Value], blob, token))
            {
                wrong.Add($"{upload.Key}: {fault}");
            }

            if (proxy is not null && !WasWrittenOnce(writes[(upload.Key, etag)], stored.ETag))
            {
                wrong.Add($"{upload.Key}: its record stands as {stored.ETag}, but what was seen is {string.Join("; ", writes[(upload.Key, etag)])}");
            }

            Interlocked.Increment(ref stored.Result.State == UploadState.Tagged ? ref tagged : ref failed);
        });
        return new Verdict
        {
            Tagged = tagged,
            Failed = failed,
            GivenUp = [.. givenUp],
            Lost = [.. lost],
            Doubled = [.. writes.Where(version => version.Count(write => write.RecordETag is not null) > 1).Select(version => $"{version.Key.Name} {version.Key.ETag}")],
            Wrong = [.. wrong],
        };
    }

    /// <summary>One write that is known to have been done, and it stands; or none, but one of which nobody knows.</summary>
    private static bool WasWrittenOnce(IEnumerable<RecordWrite> writes, string recordETag)
    {
        RecordWrite[] known = [.. writes.Where(write => write.RecordETag is not null)];
        return known is [{ RecordETag: { } only }] ? only == recordETag : known.Length > 1 || writes.Any();
    }

    private static async Task<IReadOnlyList<string>> FaultsAsync(TestStorage storage, StoredRecord stored, Expected expected, BlobItem blob, CancellationToken cancellationToken)
    {
        UploadResult record = stored.Result!;
        List<string> faults = [];
        if (!UploadTags.AreComplete(record, Labels, blob.Tags ?? new Dictionary<string, string>()))
        {
            faults.Add($"tags {string.Join(", ", blob.Tags ?? new Dictionary<string, string>())}");
        }

        if (expected.Vector is null)
        {
            if (record is not { State: UploadState.Failed, Failure.Reason.Length: > 0, Embedding: null })
            {
                faults.Add("a result of what is no picture");
            }

            return faults;
        }

        if (record is not { State: UploadState.Tagged, Failure: null, Embedding: { } embedding })
        {
            return [.. faults, $"{record.State}: {record.Failure?.Reason}"];
        }

        if (!record.Labels.Take(Labels).Select(label => label.Label).SequenceEqual(expected.Labels))
        {
            faults.Add($"labels {string.Join(", ", record.Labels.Select(label => label.Label))} instead of {string.Join(", ", expected.Labels)}");
        }

        try
        {
            BlobDownloadResult download = await storage.Embeddings.GetBlobClient(embedding.Name).DownloadContentAsync(
                new BlobRequestConditions { IfMatch = new ETag(embedding.ETag) }, cancellationToken);
            ReadOnlySpan<float> vector = NpyFile.Parse(download.Content).As<float>();
            if (vector.Length != expected.Vector.Length || TensorPrimitives.Distance(vector, expected.Vector) > Tolerance * TensorPrimitives.Norm<float>(expected.Vector))
            {
                faults.Add("another vector");
            }
        }
        catch (Exception exception) when (exception is RequestFailedException or InvalidDataException)
        {
            faults.Add($"its embedding: {exception.Message.Split('\n')[0]}");
        }

        return faults;
    }

    private static async Task<StoredRecord> ReadAsync(TestStorage storage, string name, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult download = await storage.Results.GetBlobClient(StorageLayout.ResultName(name)).DownloadContentAsync(cancellationToken);
            return new StoredRecord(JsonSerializer.Deserialize<UploadResult>(download.Content, JsonSerializerOptions.Web), download.Details.ETag.ToString("G"));
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return new StoredRecord(null, "");
        }
    }

    private sealed record StoredRecord(UploadResult? Result, string ETag);
}
