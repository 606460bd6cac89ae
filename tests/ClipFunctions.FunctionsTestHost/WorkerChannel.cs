using System.Collections.Concurrent;
using System.Threading.Channels;
using ClipFunctions.FunctionsTestHost.Protocol;
using Grpc.Core;

namespace ClipFunctions.FunctionsTestHost;

/// <summary>The messages to and from one worker process.</summary>
internal sealed class WorkerChannel
{
    private readonly Channel<StreamingMessage> _outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _pending = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Told of each line that the worker logs through the host.</summary>
    public Action<string>? Logged { get; set; }

    /// <summary>Ends when the worker has introduced itself.</summary>
    public Task Started => _started.Task;

    /// <summary>Sends a message and waits for its answer.</summary>
    /// <param name="id">What the answer bears: the request's id, or an invocation's.</param>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Waits no longer.</param>
    /// <exception cref="IOException">The worker is gone.</exception>
    public async Task<StreamingMessage> AskAsync(string id, StreamingMessage message, CancellationToken cancellationToken)
    {
        TaskCompletionSource<StreamingMessage> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        try
        {
            if (_closed.Task.IsCompleted || !_outgoing.Writer.TryWrite(message))
            {
                throw new IOException("The worker is gone.");
            }

            return await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    /// <summary>Sends a message that has no answer.</summary>
    public void Tell(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    /// <summary>Ends all that waits for an answer.</summary>
    public void Close()
    {
        _closed.TrySetResult();
        _outgoing.Writer.TryComplete();
        _started.TrySetException(new IOException("The worker ended before it spoke."));
        foreach (TaskCompletionSource<StreamingMessage> answer in _pending.Values)
        {
            answer.TrySetException(new IOException("The worker is gone."));
        }
    }

    /// <summary>Carries messages until the worker or the host ends the stream.</summary>
    public async Task RunAsync(IAsyncStreamReader<StreamingMessage> incoming, IServerStreamWriter<StreamingMessage> outgoing, CancellationToken cancellationToken)
    {
        Task writing = Task.Run(
            async () =>
            {
                await foreach (StreamingMessage message in _outgoing.Reader.ReadAllAsync(cancellationToken))
                {
                    await outgoing.WriteAsync(message, cancellationToken);
                }
            },
            cancellationToken);
        try
        {
            while (await incoming.MoveNext(cancellationToken))
            {
                Take(incoming.Current);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or Grpc.Core.RpcException)
        {
            // Killed.
        }

        Close();
        try
        {
            await writing;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException or Grpc.Core.RpcException)
        {
        }
    }

    private void Take(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.StartStream:
                _started.TrySetResult();
                break;
            case StreamingMessage.ContentOneofCase.RpcLog:
                RpcLog log = message.RpcLog;
                Logged?.Invoke($"[{log.Category}] {log.Message}{(log.Exception is { } exception ? $" {exception.Message}\n{exception.StackTrace}" : "")}");
                break;
            default:
                string id = message.InvocationResponse?.InvocationId ?? message.FunctionLoadResponse?.FunctionId ?? message.RequestId;
                if (_pending.TryGetValue(id, out TaskCompletionSource<StreamingMessage>? answer))
                {
                    answer.TrySetResult(message);
                }

                break;
        }
    }
}
