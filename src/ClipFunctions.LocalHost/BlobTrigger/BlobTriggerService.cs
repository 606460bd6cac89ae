using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using ClipFunctions.LocalHost.Hosting;
using ClipFunctions.LocalHost.Queues;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.Extensions.Options;

namespace ClipFunctions.LocalHost.BlobTrigger;

/// <summary>Plays the part of the Functions' blob trigger: scans the uploads container and hands each upload to the tagger.</summary>
public sealed class BlobTriggerService : BackgroundService
{
    private readonly UploadScanner _scanner;
    private readonly QueueListener _listener;
    private readonly UploadTagger _tagger;

    /// <summary>Puts scanner, queue and tagger together.</summary>
    public BlobTriggerService(
        StorageConnection storage,
        [FromKeyedServices(HostConnection.Key)] StorageConnection host,
        StorageLayout layout,
        UploadTagger tagger,
        HostJson hostJson,
        IOptions<BlobTriggerOptions> options,
        HostTelemetry telemetry,
        ILoggerFactory loggers)
    {
        BlobTriggerOptions trigger = options.Value;
        const string FunctionId = "Host.Functions." + BlobTriggerOptions.FunctionName;
        BlobContainerClient uploads = storage.Blobs.GetBlobContainerClient(layout.Uploads);
        QueueClient queue = host.Queues.GetQueueClient(trigger.QueueName);
        BlobReceipts receipts = new(host.Blobs, trigger.HostId, FunctionId, layout.Uploads);
        _tagger = tagger;
        _scanner = new UploadScanner(uploads, queue, receipts, FunctionId, trigger.ScanInterval, telemetry, loggers.CreateLogger<UploadScanner>());
        _listener = new QueueListener(
            host.RawQueues.GetQueueClient(trigger.QueueName),
            host.RawQueues.GetQueueClient(BlobTriggerOptions.PoisonQueue),
            new QueueListenerOptions
            {
                Parallelism = hostJson.BlobParallelism,
                MaxDequeueCount = hostJson.PoisonBlobThreshold,
                Visibility = trigger.Visibility,
                RetryDelay = trigger.RetryDelay,
                MaxPollingInterval = hostJson.MaxPollingInterval,
            },
            HandleAsync,
            telemetry,
            loggers.CreateLogger<QueueListener>());
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_scanner.RunAsync(_listener.Wake, stoppingToken), _listener.RunAsync(stoppingToken));

    private async Task HandleAsync(QueueDelivery delivery, CancellationToken cancellationToken)
    {
        BlobTriggerMessage message = BlobTriggerMessage.Parse(delivery.Body);
        await _tagger.TagAsync(new UploadEvent(message.BlobName, new ETag(message.ETag)), cancellationToken);
    }
}
