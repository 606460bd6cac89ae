using System.Threading.Channels;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.LocalHost.Hosting;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.LocalHost.Queues;

/// <summary>
/// Hands the messages of a queue to a handler by the rules of the Functions' queue trigger: bounded parallelism, a message
/// hidden while it is worked on, deleted when the handler returns, tried again later when it throws, and moved to the
/// poison queue after the last try. A process that dies leaves its messages to reappear.
/// </summary>
public sealed partial class QueueListener
{
    private const int MaxBatch = 32;
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(50);

    private readonly QueueClient _queue;
    private readonly QueueClient _poison;
    private readonly QueueListenerOptions _options;
    private readonly Func<QueueDelivery, CancellationToken, Task> _handler;
    private readonly Func<QueueDelivery, CancellationToken, Task>? _givenUp;
    private readonly HostTelemetry _telemetry;
    private readonly ILogger _logger;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Listens to <paramref name="queue"/>; both queues are created at start if need be.</summary>
    /// <param name="queue">The queue, by a client that does not decode: what somebody sends in another form must not end the listener.</param>
    /// <param name="poison">Where messages go that fail every time, as they are; by such a client, too.</param>
    /// <param name="options">Parallelism, tries, times.</param>
    /// <param name="handler">Does a message's work. It may get one twice, and must throw if it is to get it again.</param>
    /// <param name="telemetry">Counts and times.</param>
    /// <param name="logger">Tells of failures.</param>
    /// <param name="givenUp">Told of a message that no try came back from, before it is moved.</param>
    public QueueListener(
        QueueClient queue,
        QueueClient poison,
        QueueListenerOptions options,
        Func<QueueDelivery, CancellationToken, Task> handler,
        HostTelemetry telemetry,
        ILogger logger,
        Func<QueueDelivery, CancellationToken, Task>? givenUp = null)
    {
        _givenUp = givenUp;
        _queue = queue;
        _poison = poison;
        _options = options;
        _handler = handler;
        _telemetry = telemetry;
        _logger = logger;
    }

    /// <summary>Tells the listener that there is something in the queue, so that it need not wait for its next look.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Listens until cancelled; then waits for the messages at work and returns.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using SemaphoreSlim slots = new(_options.Parallelism);
        TimeSpan poll = FirstPoll;
        bool created = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            int taken = 0;
            try
            {
                if (!created)
                {
                    await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
                    await _poison.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
                    created = true;
                }

                await slots.WaitAsync(cancellationToken);
                taken = 1;
                while (taken < Math.Min(MaxBatch, _options.Parallelism) && slots.Wait(0, CancellationToken.None))
                {
                    taken++;
                }

                QueueMessage[] messages = await _queue.ReceiveMessagesAsync(taken, _options.Visibility, cancellationToken);
                foreach (QueueMessage message in messages)
                {
                    taken--;
                    _ = WorkAsync(message, slots, cancellationToken);
                }

                if (messages.Length > 0)
                {
                    poll = FirstPoll;
                    continue;
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                // Whatever it is: a listener that ended would leave its queue to nobody.
                LogUnreachable(exception, _queue.Name, poll.TotalSeconds);
                created = false;
            }
            finally
            {
                if (taken > 0)
                {
                    slots.Release(taken);
                }
            }

            await WaitAsync(poll, cancellationToken);
            poll = poll * 2 < _options.MaxPollingInterval ? poll * 2 : _options.MaxPollingInterval;
        }

        for (int i = 0; i < _options.Parallelism; i++)
        {
            await slots.WaitAsync(CancellationToken.None);
        }
    }

    /// <summary>Until woken, cancelled, or the time is over.</summary>
    private async Task WaitAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(time);
        try
        {
            await _wake.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task WorkAsync(QueueMessage message, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Hold hold = new(message.PopReceipt);
        try
        {
            if (message.InsertedOn is { } inserted)
            {
                _telemetry.RecordQueueAge(_queue.Name, DateTimeOffset.UtcNow - inserted);
            }

            if (message.DequeueCount > _options.MaxDequeueCount)
            {
                // Each try took the process down with it, or outlived its visibility.
                if (_givenUp is not null)
                {
                    await _givenUp(new QueueDelivery(message.Body, message.MessageId, true), cancellationToken);
                }

                await PoisonAsync(message, hold, null);
                return;
            }

            Exception? failure = null;
            using (CancellationTokenSource done = new())
            {
                Task renewal = RenewAsync(message, hold, done.Token);
                try
                {
                    await _handler(new QueueDelivery(message.Body, message.MessageId, message.DequeueCount >= _options.MaxDequeueCount), cancellationToken);
                }
                catch (Exception exception)
                {
                    failure = exception;
                }

                await done.CancelAsync();
                await renewal;
            }

            if (failure is null)
            {
                await _queue.DeleteMessageAsync(message.MessageId, hold.PopReceipt, CancellationToken.None);
            }
            else if (failure is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                await _queue.UpdateMessageAsync(message.MessageId, hold.PopReceipt, visibilityTimeout: TimeSpan.Zero, cancellationToken: CancellationToken.None);
            }
            else if (message.DequeueCount >= _options.MaxDequeueCount)
            {
                await PoisonAsync(message, hold, failure);
            }
            else
            {
                TimeSpan delay = _options.DelayAfter(message.DequeueCount);
                LogRetry(failure, _queue.Name, message.DequeueCount, _options.MaxDequeueCount, delay.TotalSeconds, Text(message));
                await _queue.UpdateMessageAsync(message.MessageId, hold.PopReceipt, visibilityTimeout: delay, cancellationToken: CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            // The message reappears when its visibility runs out; handlers stand being called twice.
            LogUnsettled(exception, _queue.Name, message.MessageId);
        }
        finally
        {
            slots.Release();
        }
    }

    // What it is about, not how it is encoded.
    private static string Text(QueueMessage message) => QueueText.Decode(message.Body).ToString();

    private async Task PoisonAsync(QueueMessage message, Hold hold, Exception? failure)
    {
        await _poison.SendMessageAsync(message.Body, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: CancellationToken.None);
        await _queue.DeleteMessageAsync(message.MessageId, hold.PopReceipt, CancellationToken.None);
        _telemetry.RecordPoison(_queue.Name);
        LogPoison(failure, _queue.Name, _poison.Name, message.DequeueCount, Text(message));
    }

    private async Task RenewAsync(QueueMessage message, Hold hold, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(_options.Visibility / 2, cancellationToken);
                try
                {
                    UpdateReceipt receipt = await _queue.UpdateMessageAsync(
                        message.MessageId, hold.PopReceipt, visibilityTimeout: _options.Visibility, cancellationToken: CancellationToken.None);
                    hold.PopReceipt = receipt.PopReceipt;
                }
                catch (RequestFailedException exception)
                {
                    LogNotRenewed(exception, _queue.Name, message.MessageId);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Queue {Queue} cannot be reached; looking again in {Seconds:F1} s")]
    private partial void LogUnreachable(Exception exception, string queue, double seconds);

    [LoggerMessage(2, LogLevel.Warning, "{Queue}: try {Try} of {Tries} failed, again in {Seconds:F1} s: {Message}")]
    private partial void LogRetry(Exception exception, string queue, long @try, int tries, double seconds, string message);

    [LoggerMessage(3, LogLevel.Error, "{Queue}: moved to {Poison} after {Tries} tries: {Message}")]
    private partial void LogPoison(Exception? exception, string queue, string poison, long tries, string message);

    [LoggerMessage(4, LogLevel.Warning, "{Queue}: message {Id} could not be settled and will come again")]
    private partial void LogUnsettled(Exception exception, string queue, string id);

    [LoggerMessage(5, LogLevel.Warning, "{Queue}: message {Id} could not be held; another host may take it")]
    private partial void LogNotRenewed(Exception exception, string queue, string id);

    private sealed class Hold(string popReceipt)
    {
        public string PopReceipt { get; set; } = popReceipt;
    }
}
