using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Poison;

/// <summary>
/// Messages whose tries all failed: shows them, and puts them back into the queues that they came from.
/// </summary>
public sealed class PoisonQueues
{
    /// <summary>The Functions' poison queue of blob triggers, in the host's own account.</summary>
    public const string BlobTriggerPoison = "webjobs-blobtrigger-poison";

    /// <summary>What the queue between a blob trigger and its function begins with; the host's id follows.</summary>
    public const string BlobTriggerPrefix = "azure-webjobs-blobtrigger-";

    private readonly QueueServiceClient _work;
    private readonly QueueServiceClient _host;
    private readonly ResultStore _results;
    private readonly EvaluationStore _evaluations;
    private readonly EvaluationQueues _queues;

    /// <summary>Looks at the poison queues of both accounts, which may be one.</summary>
    /// <param name="storage">The account of pictures and evaluations.</param>
    /// <param name="host">The host's own account (<c>AzureWebJobsStorage</c>).</param>
    /// <param name="layout">The queues' names.</param>
    /// <param name="results">Tells why an upload failed.</param>
    /// <param name="evaluations">Tells why a run failed.</param>
    /// <param name="queues">Asks for a run once more.</param>
    public PoisonQueues(StorageConnection storage, StorageConnection host, StorageLayout layout, ResultStore results, EvaluationStore evaluations, EvaluationQueues queues)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(layout);

        // Raw: a message is put back as it is, whatever its encoding.
        _work = storage.RawQueues;
        _host = host.RawQueues;
        _results = results;
        _evaluations = evaluations;
        _queues = queues;
        Names = [.. layout.Queues.Select(queue => queue + EvaluationQueues.PoisonSuffix), BlobTriggerPoison];
    }

    /// <summary>The poison queues.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Shows what lies in the poison queues. Of a queue with 32 messages and more, all are hidden for a moment and shown again.</summary>
    /// <param name="queue">One of <see cref="Names"/>; null for all.</param>
    /// <param name="cancellationToken">Stops it; what was hidden is shown again.</param>
    /// <exception cref="ArgumentException">There is no such poison queue.</exception>
    public async Task<PoisonListing> ListAsync(string? queue, CancellationToken cancellationToken)
    {
        List<PoisonMessage> messages = [];
        int hidden = 0;
        foreach (string name in Selected(queue))
        {
            QueueClient poison = Client(name);
            try
            {
                int before = messages.Count;
                int about = (await poison.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
                PeekedMessage[] front = await poison.PeekMessagesAsync(HeldMessages.MostPeeked, cancellationToken);
                if (front.Length < HeldMessages.MostPeeked)
                {
                    foreach (PeekedMessage message in front)
                    {
                        messages.Add(await DescribeAsync(name, message.MessageId, message.Body, message.InsertedOn, message.ExpiresOn, message.DequeueCount, cancellationToken));
                    }
                }
                else
                {
                    await using HeldMessages held = await HeldMessages.TakeAsync(poison, cancellationToken);
                    foreach (QueueMessage message in held.Messages)
                    {
                        messages.Add(await DescribeAsync(name, message.MessageId, message.Body, message.InsertedOn, message.ExpiresOn, message.DequeueCount, cancellationToken));
                    }
                }

                hidden += Math.Max(0, about - (messages.Count - before));
            }
            catch (RequestFailedException exception) when (exception.Status == 404)
            {
                // Nothing was ever given up.
            }
        }

        return new PoisonListing(messages, hidden);
    }

    /// <summary>
    /// Puts messages back into the queues that they came from. A run that failed is opened again, since its steps would do nothing otherwise. Messages
    /// that are given up anew meanwhile stay.
    /// </summary>
    /// <param name="queue">One of <see cref="Names"/>; null for all.</param>
    /// <param name="ids">The messages; null for all.</param>
    /// <param name="hostId">The id of the host that is to handle uploads; null if only one watches them in the account.</param>
    /// <param name="dryRun">Only tells what would be put back.</param>
    /// <param name="cancellationToken">Stops between two messages; the rest stays.</param>
    /// <returns>Each message that was found.</returns>
    /// <exception cref="ArgumentException">There is no such poison queue.</exception>
    /// <exception cref="PoisonReplayException">It is not known which host is to handle uploads; nothing of that queue was put back.</exception>
    public async Task<IReadOnlyList<ReplayedMessage>> ReplayAsync(string? queue, IReadOnlyCollection<string>? ids, string? hostId, bool dryRun, CancellationToken cancellationToken)
    {
        List<ReplayedMessage> replayed = [];
        foreach (string name in Selected(queue))
        {
            QueueClient poison = Client(name);
            if (!await poison.ExistsAsync(cancellationToken))
            {
                continue;
            }

            // All of them, before the first is put back: a host that sees one of a run's messages lie here says that the run has failed, and its other
            // steps would do nothing.
            await using HeldMessages held = await HeldMessages.TakeAsync(poison, cancellationToken);
            QueueMessage[] wanted = [.. held.Messages.Where(message => ids is null || ids.Contains(message.MessageId))];
            if (wanted.Length == 0)
            {
                continue;
            }

            string target = await TargetAsync(name, hostId, cancellationToken);
            foreach (QueueMessage message in wanted)
            {
                cancellationToken.ThrowIfCancellationRequested();
                string? subject = SubjectOf(QueueText.Decode(message.Body));
                string? problem = dryRun ? null : await PutBackAsync(held, name, target, message, subject, cancellationToken);
                replayed.Add(new ReplayedMessage(name, message.MessageId, target, subject, problem));
            }
        }

        return replayed;
    }

    private IEnumerable<string> Selected(string? queue) => queue is null
        ? Names
        : Names.Contains(queue)
            ? [queue]
            : throw new ArgumentException($"There is no poison queue '{queue}'. Those there are: {string.Join(", ", Names)}.", nameof(queue));

    private QueueClient Client(string poison) => (poison == BlobTriggerPoison ? _host : _work).GetQueueClient(poison);

    private async Task<string> TargetAsync(string poison, string? hostId, CancellationToken cancellationToken)
    {
        if (poison != BlobTriggerPoison)
        {
            return poison[..^EvaluationQueues.PoisonSuffix.Length];
        }

        List<string> queues = [];
        await foreach (QueueItem item in _host.GetQueuesAsync(prefix: BlobTriggerPrefix, cancellationToken: cancellationToken))
        {
            queues.Add(item.Name);
        }

        if (hostId is not null)
        {
            string named = BlobTriggerPrefix + hostId;
            return queues.Contains(named)
                ? named
                : throw new PoisonReplayException($"There is no queue '{named}': has the host '{hostId}' ever run here? Hosts that have: {Ids(queues)}.");
        }

        return queues switch
        {
            [string only] => only,
            [] => throw new PoisonReplayException($"There is no queue '{BlobTriggerPrefix}…' in the account of AzureWebJobsStorage: no host has ever watched uploads here."),
            _ => throw new PoisonReplayException($"Several hosts watch uploads here; name the one that is to handle them (--host-id): {Ids(queues)}."),
        };

        static string Ids(List<string> queues) => queues.Count == 0 ? "none" : string.Join(", ", queues.Select(queue => queue[BlobTriggerPrefix.Length..]));
    }

    private async Task<string?> PutBackAsync(HeldMessages held, string poison, string target, QueueMessage message, string? subject, CancellationToken cancellationToken)
    {
        try
        {
            if (poison != BlobTriggerPoison && subject is not null && EvaluationRequestReader.IsRunId(subject))
            {
                await OpenAgainAsync(subject, cancellationToken);
            }

            QueueClient queue = (poison == BlobTriggerPoison ? _host : _work).GetQueueClient(target);
            await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);

            // In this order, and not stopped in between: a message may be there twice, which its consumer stands, but never nowhere.
            await queue.SendMessageAsync(message.Body, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: CancellationToken.None);
            await held.DeleteAsync(message);
            return null;
        }
        catch (RequestFailedException exception)
        {
            return exception.Message.Split('\n', 2)[0].Trim();
        }
    }

    /// <summary>
    /// Of a failed run the steps do nothing, and messages of its other shards have been taken from their queue without effect. So it is asked for once
    /// more: its plan stands, and shards that are missing are handed out again.
    /// </summary>
    private async Task OpenAgainAsync(string runId, CancellationToken cancellationToken)
    {
        if (await _evaluations.StatusAsync(runId, cancellationToken) is { State: EvaluationState.Failed } failed)
        {
            await _evaluations.ReopenAsync(runId, cancellationToken);
            if (failed.Request is { } request)
            {
                await _queues.SendRunAsync(request with { RunId = runId }, cancellationToken);
            }
        }
    }

    private async Task<PoisonMessage> DescribeAsync(string queue, string id, BinaryData body, DateTimeOffset? inserted, DateTimeOffset? expires, long dequeueCount, CancellationToken cancellationToken)
    {
        BinaryData decoded = QueueText.Decode(body);
        string? subject = SubjectOf(decoded);
        string? reason = subject is null ? null : queue == BlobTriggerPoison
            ? await UploadReasonAsync(subject, cancellationToken)
            : await RunReasonAsync(subject, cancellationToken);
        return new PoisonMessage(queue, id, subject, inserted, expires is { Year: >= 9999 } ? null : expires, dequeueCount, reason, decoded.ToString());
    }

    private async Task<string?> UploadReasonAsync(string upload, CancellationToken cancellationToken)
    {
        if (!BlobPath.IsValid(upload, out _))
        {
            return null;
        }

        UploadResult? record = (await _results.ReadAsync(upload, cancellationToken)).Result;
        return record?.Failure is { } failure ? $"{failure.Reason}: {failure.Message}" : null;
    }

    private async Task<string?> RunReasonAsync(string run, CancellationToken cancellationToken)
    {
        if (!EvaluationRequestReader.IsRunId(run))
        {
            return null;
        }

        EvaluationStatus? status = await _evaluations.StatusAsync(run, cancellationToken);
        return status?.Failure is { } failure ? $"{failure.Code}: {failure.Message}" : null;
    }

    private static string? SubjectOf(BinaryData body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            foreach (string name in (string[])["BlobName", "runId"])
            {
                if (document.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String)
                {
                    return value.GetString();
                }
            }
        }
        catch (JsonException)
        {
        }

        return null;
    }
}
