using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.Pipeline.Poison;

/// <summary>
/// For hosts that move a message to its poison queue without a word to the pipeline, as the Functions host does with one whose tries all ended the
/// process: looks into the poison queues at start and once a minute, and marks the runs of what lies there as failed. The messages stay, for people to
/// look at and to replay. No trigger, so that an app without work is left to sleep.
/// </summary>
public sealed partial class PoisonSweep(StorageConnection storage, StorageLayout layout, EvaluationRunner runner, TimeProvider time, ILogger<PoisonSweep> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>Looks through the poison queues once.</summary>
    /// <returns>How many messages were looked at.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        int seen = 0;
        foreach (string queue in layout.Queues)
        {
            QueueClient poison = storage.RawQueues.GetQueueClient(queue + EvaluationQueues.PoisonSuffix);
            try
            {
                seen += await SweepAsync(poison, cancellationToken);
            }
            catch (RequestFailedException exception) when (exception.Status == 404)
            {
                // Nothing was ever given up.
            }
        }

        return seen;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        do
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // Whatever it is: the host would end with this service.
                LogFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<int> SweepAsync(QueueClient poison, CancellationToken cancellationToken)
    {
        PeekedMessage[] front = await poison.PeekMessagesAsync(HeldMessages.MostPeeked, cancellationToken);
        if (front.Length < HeldMessages.MostPeeked)
        {
            foreach (PeekedMessage message in front)
            {
                await GiveUpAsync(message.Body, message.MessageId, cancellationToken);
            }

            return front.Length;
        }

        await using HeldMessages held = await HeldMessages.TakeAsync(poison, cancellationToken);
        foreach (QueueMessage message in held.Messages)
        {
            await GiveUpAsync(message.Body, message.MessageId, cancellationToken);
        }

        return held.Messages.Count;
    }

    private async Task GiveUpAsync(BinaryData body, string messageId, CancellationToken cancellationToken) =>
        await runner.GiveUpAsync(new QueueDelivery(body, messageId, true), cancellationToken);

    [LoggerMessage(1, LogLevel.Warning, "The poison queues of evaluations could not be looked through; again in a minute")]
    private partial void LogFailed(Exception exception);
}
