using Azure.Storage.Queues;
using ClipFunctions.LocalHost.Hosting;
using ClipFunctions.LocalHost.Queues;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Options;

namespace ClipFunctions.LocalHost.Evaluations;

/// <summary>Listens to the three queues of evaluations. A shard keeps the whole device busy, so that one of each is worked on at a time.</summary>
public sealed class EvaluationService : BackgroundService
{
    private readonly QueueListener[] _listeners;

    /// <summary>Puts queues and steps together.</summary>
    public EvaluationService(
        StorageConnection storage,
        StorageLayout layout,
        EvaluationRunner runner,
        HostJson hostJson,
        IOptions<EvaluationQueueOptions> options,
        HostTelemetry telemetry,
        ILoggerFactory loggers)
    {
        QueueListenerOptions listening = new()
        {
            Parallelism = 1,
            MaxDequeueCount = hostJson.MaxDequeueCount,
            Visibility = options.Value.Visibility,
            RetryDelay = options.Value.RetryDelay,
            MaxPollingInterval = hostJson.MaxPollingInterval,
        };
        _listeners =
        [
            Listener(layout.EvaluationQueue, runner.PlanAsync),
            Listener(layout.ShardQueue, runner.ExtractAsync),
            Listener(layout.FitQueue, runner.FitAsync),
        ];

        QueueListener Listener(string name, Func<QueueDelivery, CancellationToken, Task> handler)
        {
            QueueClient queue = storage.RawQueues.GetQueueClient(name);
            return new QueueListener(
                queue,
                storage.RawQueues.GetQueueClient(name + EvaluationQueues.PoisonSuffix),
                listening,
                handler,
                telemetry,
                loggers.CreateLogger<QueueListener>(),
                runner.GiveUpAsync);
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(_listeners.Select(listener => listener.RunAsync(stoppingToken)));
}
