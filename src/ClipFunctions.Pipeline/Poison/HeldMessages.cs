using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace ClipFunctions.Pipeline.Poison;

/// <summary>All messages of a queue, hidden from others for a while; disposing shows those again that were not deleted.</summary>
internal sealed class HeldMessages : IAsyncDisposable
{
    /// <summary>The most that a peek shows, and always the same front; of a queue with as many all must be held to be seen.</summary>
    public const int MostPeeked = 32;

    // The most that one request gives.
    private const int Page = 32;
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(5);

    private readonly QueueClient _queue;
    private readonly Dictionary<string, QueueMessage> _messages = new(StringComparer.Ordinal);

    private HeldMessages(QueueClient queue) => _queue = queue;

    /// <summary>The messages, in the order in which the queue gave them.</summary>
    public IReadOnlyCollection<QueueMessage> Messages => _messages.Values;

    /// <summary>Takes all messages that can be seen.</summary>
    public static async Task<HeldMessages> TakeAsync(QueueClient queue, CancellationToken cancellationToken)
    {
        HeldMessages held = new(queue);
        try
        {
            bool isNew = true;
            while (isNew && await queue.ReceiveMessagesAsync(Page, Hold, cancellationToken) is { Value: { Length: > 0 } page })
            {
                // A message that comes again has outlived its time: only its last receipt counts, and the round is over.
                isNew = page.Any(message => !held._messages.ContainsKey(message.MessageId));
                foreach (QueueMessage message in page)
                {
                    held._messages[message.MessageId] = message;
                }
            }

            return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>Deletes a message.</summary>
    /// <exception cref="RequestFailedException">It was held too long and another has it, or storage failed.</exception>
    public async Task DeleteAsync(QueueMessage message)
    {
        await _queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, CancellationToken.None);
        _messages.Remove(message.MessageId);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (QueueMessage message in _messages.Values)
        {
            try
            {
                await _queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero, cancellationToken: CancellationToken.None);
            }
            catch (RequestFailedException)
            {
                // It reappears of itself when its time is over, or is gone.
            }
        }
    }
}
