using System.Diagnostics;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using ClipFunctions.LocalHost.Hosting;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.LocalHost.BlobTrigger;

/// <summary>
/// Finds new and changed blobs in a container by listing it, and puts a message for each into a queue, then a receipt into
/// storage. Should the process die in between, the message comes twice; it is never lost.
/// </summary>
public sealed partial class UploadScanner
{
    private const int Parallelism = 8;

    private readonly BlobContainerClient _uploads;
    private readonly QueueClient _queue;
    private readonly BlobReceipts _receipts;
    private readonly string _functionId;
    private readonly TimeSpan _interval;
    private readonly HostTelemetry _telemetry;
    private readonly ILogger _logger;
    private readonly Dictionary<string, ETag> _seen = new(StringComparer.Ordinal);

    /// <summary>Watches <paramref name="uploads"/> for the function <paramref name="functionId"/>.</summary>
    public UploadScanner(
        BlobContainerClient uploads,
        QueueClient queue,
        BlobReceipts receipts,
        string functionId,
        TimeSpan interval,
        HostTelemetry telemetry,
        ILogger logger)
    {
        _uploads = uploads;
        _queue = queue;
        _receipts = receipts;
        _functionId = functionId;
        _interval = interval;
        _telemetry = telemetry;
        _logger = logger;
    }

    /// <summary>Scans until cancelled.</summary>
    /// <param name="found">Called after a scan that put messages into the queue.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action found, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(found);
        bool prepared = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan listing = TimeSpan.Zero;
            try
            {
                if (!prepared)
                {
                    await PrepareAsync(cancellationToken);
                    prepared = true;
                }

                (int count, listing) = await ScanAsync(found, cancellationToken);
                _telemetry.RecordScan(listing);
                if (count > 0)
                {
                    LogFound(count, _uploads.Name);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Whatever it is: the host would end with its scanner. The storage SDK throws more than it tells, such as an
                // XmlException for a refusal without a body.
                LogUnreachable(exception, _uploads.Name);
                prepared = false;
            }

            // At most a fifth of the time goes into listing, however large the container.
            TimeSpan pause = listing * 4 > _interval ? listing * 4 : _interval;
            try
            {
                await Task.Delay(pause < MaxPause ? pause : MaxPause, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static TimeSpan MaxPause { get; } = TimeSpan.FromMinutes(1);

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await _uploads.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await _receipts.CreateAsync(cancellationToken);
        Dictionary<string, List<ETag>> receipts = new(StringComparer.Ordinal);
        await foreach ((ETag etag, string name) in _receipts.ListAsync(cancellationToken))
        {
            if (!receipts.TryGetValue(name, out List<ETag>? versions))
            {
                receipts[name] = versions = [];
            }

            versions.Add(etag);
        }

        if (receipts.Count == 0)
        {
            return;
        }

        await foreach (BlobItem blob in _uploads.GetBlobsAsync(new GetBlobsOptions(), cancellationToken))
        {
            if (ListedETag.Of(blob) is { } etag && receipts.TryGetValue(blob.Name, out List<ETag>? versions) && versions.Contains(etag))
            {
                _seen[blob.Name] = etag;
            }
        }
    }

    private async Task<(int PassedOn, TimeSpan Listing)> ScanAsync(Action found, CancellationToken cancellationToken)
    {
        int passedOn = 0;
        TimeSpan listing = TimeSpan.Zero;
        long start = Stopwatch.GetTimestamp();
        HashSet<string> present = new(StringComparer.Ordinal);
        await foreach (Page<BlobItem> page in _uploads.GetBlobsAsync(new GetBlobsOptions(), cancellationToken).AsPages())
        {
            listing += Stopwatch.GetElapsedTime(start);
            List<(string Name, ETag ETag)> fresh = [];
            foreach (BlobItem blob in page.Values)
            {
                present.Add(blob.Name);
                if (ListedETag.Of(blob) is not { } etag || (_seen.TryGetValue(blob.Name, out ETag seen) && seen == etag))
                {
                    continue;
                }

                // Its receipt would lie elsewhere too, perhaps in another blob's place.
                if (!BlobPath.LeadsInto(_uploads, blob.Name))
                {
                    _seen[blob.Name] = etag;
                    LogNoAddress(blob.Name, _uploads.Name);
                    continue;
                }

                fresh.Add((blob.Name, etag));
            }

            await Parallel.ForEachAsync(
                fresh,
                new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
                async (blob, token) =>
                {
                    // Another host of the same id may have been quicker.
                    if (!await _receipts.ExistsAsync(blob.ETag, blob.Name, token))
                    {
                        BlobTriggerMessage message = new(_functionId, "BlockBlob", _uploads.Name, blob.Name, blob.ETag.ToString("G"));
                        await _queue.SendMessageAsync(message.ToJson(), timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: token);
                        found();
                        await _receipts.WriteAsync(blob.ETag, blob.Name, token);
                        Interlocked.Increment(ref passedOn);
                    }

                    lock (_seen)
                    {
                        _seen[blob.Name] = blob.ETag;
                    }
                });
            start = Stopwatch.GetTimestamp();
        }

        if (_seen.Count > present.Count)
        {
            foreach (string name in _seen.Keys.Where(name => !present.Contains(name)).ToList())
            {
                _seen.Remove(name);
            }
        }

        return (passedOn, listing);
    }

    [LoggerMessage(1, LogLevel.Debug, "{Count} new or changed blobs in {Container}")]
    private partial void LogFound(int count, string container);

    [LoggerMessage(3, LogLevel.Warning, "{Upload}: no address leads to a blob of this name in {Container}, so that it is left alone; delete it, or upload it under another name")]
    private partial void LogNoAddress(string upload, string container);

    [LoggerMessage(2, LogLevel.Warning, "Container {Container} could not be scanned; trying again")]
    private partial void LogUnreachable(Exception exception, string container);
}
