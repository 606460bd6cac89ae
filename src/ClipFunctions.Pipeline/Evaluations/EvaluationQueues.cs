using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Queues;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>Sends the messages that a run goes from step to step by. Each may come twice: the steps stand it.</summary>
public sealed class EvaluationQueues
{
    /// <summary>What a poison queue's name ends in, by the Functions host's rule.</summary>
    public const string PoisonSuffix = "-poison";

    private const int Senders = 8;

    private readonly QueueServiceClient _service;
    private readonly QueueClient _runs;
    private readonly QueueClient _shards;
    private readonly QueueClient _fits;

    /// <summary>Works on the queues that <paramref name="layout"/> names; they are made when they are first needed.</summary>
    public EvaluationQueues(StorageConnection storage, StorageLayout layout)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(layout);
        _service = storage.Queues;
        _runs = storage.Queues.GetQueueClient(layout.EvaluationQueue);
        _shards = storage.Queues.GetQueueClient(layout.ShardQueue);
        _fits = storage.Queues.GetQueueClient(layout.FitQueue);
    }

    /// <summary>Asks for a run.</summary>
    public Task SendRunAsync(EvaluationRequest request, CancellationToken cancellationToken) =>
        SendAsync(_runs, request, EvaluationJson.Default.EvaluationRequest, cancellationToken);

    /// <summary>Asks for shards' vectors.</summary>
    public Task SendShardsAsync(string runId, IEnumerable<int> shards, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        shards,
        new ParallelOptions { MaxDegreeOfParallelism = Senders, CancellationToken = cancellationToken },
        async (shard, token) => await SendAsync(_shards, new ShardMessage(runId, shard), EvaluationJson.Default.ShardMessage, token));

    /// <summary>Asks for the fit.</summary>
    public Task SendFitAsync(string runId, CancellationToken cancellationToken) =>
        SendAsync(_fits, new FitMessage(runId), EvaluationJson.Default.FitMessage, cancellationToken);

    /// <summary>Puts a message into a queue's poison queue.</summary>
    public async Task SendPoisonAsync(string queue, BinaryData body, CancellationToken cancellationToken) =>
        await SendAsync(_service.GetQueueClient(queue + PoisonSuffix), body, cancellationToken);

    private static Task SendAsync<T>(QueueClient queue, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(queue, new BinaryData(JsonSerializer.SerializeToUtf8Bytes(message, type)), cancellationToken);

    private static async Task SendAsync(QueueClient queue, BinaryData body, CancellationToken cancellationToken)
    {
        try
        {
            await queue.SendMessageAsync(body, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await queue.SendMessageAsync(body, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: cancellationToken);
        }
    }
}
