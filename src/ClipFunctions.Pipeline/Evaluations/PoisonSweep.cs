using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>
/// For hosts that move a message to its poison queue without a word to the pipeline, as the Functions host does with one whose tries all ended the
/// process: looks into the poison queues at start and once a minute, and marks the runs of what lies there as failed. The messages stay, for people to
/// look at and to replay. No trigger, so that an app without work is left to sleep.
/// </summary>
public sealed partial class PoisonSweep(StorageConnection storage, StorageLayout layout, EvaluationRunner runner, TimeProvider time, ILogger<PoisonSweep> logger) : BackgroundService
{
    // What a peek can show of a queue: no more, and always the same front.
    private const int Peeked = 32;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Long enough to read through a queue of thousands.
    private static readonly TimeSpan Hidden = TimeSpan.FromMinutes(2);

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
            catch (Exception exception) when (exception is RequestFailedException or IOException or AggregateException or InvalidOperationException)
            {
                LogFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<int> SweepAsync(QueueClient poison, CancellationToken cancellationToken)
    {
        PeekedMessage[] front = await poison.PeekMessagesAsync(Peeked, cancellationToken);
        if (front.Length < Peeked)
        {
            foreach (PeekedMessage message in front)
            {
                await GiveUpAsync(message.Body, message.MessageId, cancellationToken);
            }

            return front.Length;
        }

        // Further back only receiving reaches: all are hidden for the while, then shown again. Should the process end in between, they reappear by themselves.
        List<QueueMessage> received = [];
        try
        {
            while (await poison.ReceiveMessagesAsync(Peeked, Hidden, cancellationToken) is { Value: { Length: > 0 } messages })
            {
                received.AddRange(messages);
                foreach (QueueMessage message in messages)
                {
                    await GiveUpAsync(message.Body, message.MessageId, cancellationToken);
                }
            }
        }
        finally
        {
            foreach (QueueMessage message in received)
            {
                await ShowAsync(poison, message);
            }
        }

        return received.Count;
    }

    private async Task GiveUpAsync(BinaryData body, string messageId, CancellationToken cancellationToken) =>
        await runner.GiveUpAsync(new QueueDelivery(body, messageId, true), cancellationToken);

    private async Task ShowAsync(QueueClient poison, QueueMessage message)
    {
        try
        {
            await poison.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero, cancellationToken: CancellationToken.None);
        }
        catch (RequestFailedException exception)
        {
            LogNotShown(exception, poison.Name, message.MessageId);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The poison queues of evaluations could not be looked through; again in a minute")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(2, LogLevel.Information, "{Queue}: message {Id} reappears by itself, or is gone")]
    private partial void LogNotShown(Exception exception, string queue, string id);
}
