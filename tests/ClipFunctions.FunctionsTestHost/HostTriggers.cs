using System.Diagnostics.Metrics;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using ClipFunctions.LocalHost.BlobTrigger;
using ClipFunctions.LocalHost.Hosting;
using ClipFunctions.LocalHost.Queues;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.FunctionsTestHost;

/// <summary>The queue and blob triggers, by the local host's listeners; what they listen to is what the worker's metadata say.</summary>
internal static class HostTriggers
{
    private const string HostId = "clipfunctions-test";
    private static readonly TimeSpan Visibility = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(FunctionsHost host, string connection, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)))
            .Build();
        HostJson hostJson = HostJson.Read(Path.Combine(FunctionsHost.AppFolder, HostJson.FileName), configuration);
        QueueServiceClient queues = new(connection);
        BlobServiceClient blobs = new(connection);
        await using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        HostTelemetry telemetry = new(services.GetRequiredService<IMeterFactory>());
        List<Task> running = [];
        foreach (LoadedFunction function in host.Functions)
        {
            if (configuration.GetValue<bool>(FunctionNames.DisabledSetting(function.Name)))
            {
                continue;
            }

            if (function.Kind == "queueTrigger")
            {
                running.Add(Listener(function.Property("queueName")!, EvaluationQueues.PoisonSuffix, 1, hostJson.MaxDequeueCount, (delivery, token) =>
                    host.InvokeWithMessageAsync(function.Name, delivery, delivery.IsLastTry ? hostJson.MaxDequeueCount : 1, token)).RunAsync(cancellationToken));
            }
            else if (function.Kind == "blobTrigger" && function.Property("source") != "EventGrid")
            {
                string container = function.Property("path")!.Split('/')[0];
                string functionId = "Host.Functions." + function.Name;
                string queueName = $"azure-webjobs-blobtrigger-{HostId}";
                QueueListener listener = new(
                    queues.GetQueueClient(queueName),
                    queues.GetQueueClient(BlobTriggerOptions.PoisonQueue),
                    new QueueListenerOptions { Parallelism = hostJson.BlobParallelism, MaxDequeueCount = hostJson.PoisonBlobThreshold, Visibility = Visibility, RetryDelay = RetryDelay },
                    (delivery, token) => host.InvokeWithBlobAsync(function.Name, BlobTriggerMessage.Parse(delivery.Body).BlobName, token),
                    telemetry,
                    NullLogger.Instance);
                UploadScanner scanner = new(
                    blobs.GetBlobContainerClient(container), queues.GetQueueClient(queueName), new BlobReceipts(blobs, HostId, functionId, container), functionId, TimeSpan.FromMilliseconds(250), telemetry, NullLogger.Instance);
                running.Add(scanner.RunAsync(listener.Wake, cancellationToken));
                running.Add(listener.RunAsync(cancellationToken));
            }
        }

        await Task.WhenAll(running);

        QueueListener Listener(string queue, string suffix, int parallelism, int tries, Func<QueueDelivery, CancellationToken, Task> handler) => new(
            queues.GetQueueClient(queue),
            queues.GetQueueClient(queue + suffix),
            new QueueListenerOptions { Parallelism = parallelism, MaxDequeueCount = tries, Visibility = Visibility, RetryDelay = RetryDelay },
            handler,
            telemetry,
            NullLogger.Instance);
    }
}
