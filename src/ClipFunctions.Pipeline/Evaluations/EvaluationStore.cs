using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>
/// Runs in storage: <c>{runId}/status.json</c>, <c>run.json</c>, <c>plan.jsonl</c>, <c>report.json</c>, <c>report.html</c>,
/// <c>classifier.npz</c>; and the vectors that runs share, <c>.features/{data set}/{fingerprint}/{cut}/{shard}.npy</c>. What is written once
/// is written with <c>If-None-Match: *</c>; the status with <c>If-Match</c>.
/// </summary>
public sealed class EvaluationStore
{
    internal const string StatusFile = "status.json";
    internal const string RunFile = "run.json";
    internal const string PlanFile = "plan.jsonl";

    internal static string ShardFile(int shard) => $"shards/{shard:d6}.jsonl";

    private const string FeaturesFolder = ".features";
    private const int IdLength = 32;
    private const int MaxStatusWrites = 20;

    private readonly BlobContainerClient _container;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, EvaluationRun> _runs = new(StringComparer.Ordinal);

    /// <summary>Works on the container that <paramref name="layout"/> names.</summary>
    public EvaluationStore(StorageConnection storage, StorageLayout layout, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(layout);
        _container = storage.Blobs.GetBlobContainerClient(layout.Evaluations);
        _time = time;
    }

    /// <summary>The folder of the vectors of a data set by a model.</summary>
    internal static string FeaturesOf(string datasetId, string fingerprint, EvaluationOptions options) =>
        $"{FeaturesFolder}/{datasetId[..IdLength]}/{fingerprint[..IdLength]}/{options.MinShardPictures}-{options.MaxShardPictures}-{options.BatchSize}";

    /// <summary>Makes a run's status if there is none yet.</summary>
    /// <returns>The status that stands there now, and whether it is new.</returns>
    internal async Task<(EvaluationStatus Status, bool IsNew)> CreateStatusAsync(string runId, EvaluationRequest? request, CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        EvaluationStatus status = new() { RunId = runId, State = EvaluationState.Queued, Request = request, Created = now, Updated = now };
        while (true)
        {
            if (await WriteOnceAsync($"{runId}/{StatusFile}", Serialize(status, EvaluationJson.Default.EvaluationStatus), "application/json", cancellationToken))
            {
                return (status, true);
            }

            if (await StatusAsync(runId, cancellationToken) is { } standing)
            {
                return (standing, false);
            }
        }
    }

    /// <summary>A run's status; null if there is no such run.</summary>
    public async Task<EvaluationStatus?> StatusAsync(string runId, CancellationToken cancellationToken) =>
        (await ReadAsync($"{runId}/{StatusFile}", EvaluationJson.Default.EvaluationStatus, cancellationToken))?.Value;

    /// <summary>Changes a run's status, again with what stands there if somebody else has changed it meanwhile.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="change">Gives the new status, or null to leave it as it is. A run that is over stays so.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The status that stands there now; null if there is no such run.</returns>
    internal Task<EvaluationStatus?> ChangeStatusAsync(string runId, Func<EvaluationStatus, EvaluationStatus?> change, CancellationToken cancellationToken) =>
        ChangeAnyStatusAsync(runId, status => status.IsOver ? null : change(status), cancellationToken);

    /// <summary>Opens a run that failed again, so that its steps do their work; others are left as they are.</summary>
    internal Task<EvaluationStatus?> ReopenAsync(string runId, CancellationToken cancellationToken) => ChangeAnyStatusAsync(
        runId,
        status => status.State == EvaluationState.Failed ? status with { State = EvaluationState.Queued, Failure = null } : null,
        cancellationToken);

    private async Task<EvaluationStatus?> ChangeAnyStatusAsync(string runId, Func<EvaluationStatus, EvaluationStatus?> change, CancellationToken cancellationToken)
    {
        string name = $"{runId}/{StatusFile}";
        for (int attempt = 0; attempt < MaxStatusWrites; attempt++)
        {
            if (await ReadAsync(name, EvaluationJson.Default.EvaluationStatus, cancellationToken) is not { } standing)
            {
                return null;
            }

            if (change(standing.Value) is not { } changed)
            {
                return standing.Value;
            }

            changed = changed with { Updated = _time.GetUtcNow() };
            if (await TryWriteAsync(name, Serialize(changed, EvaluationJson.Default.EvaluationStatus), "application/json", new BlobRequestConditions { IfMatch = standing.ETag }, cancellationToken))
            {
                return changed;
            }
        }

        throw new InvalidOperationException($"The status of run '{runId}' was changed by others again and again; it will be tried again.");
    }

    /// <summary>All runs' ids, in the order of their names.</summary>
    public async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (BlobHierarchyItem item in _container.GetBlobsByHierarchyAsync(new GetBlobsByHierarchyOptions { Delimiter = "/" }, cancellationToken))
        {
            if (item.IsPrefix && EvaluationRequestReader.IsRunId(item.Prefix.TrimEnd('/')))
            {
                yield return item.Prefix.TrimEnd('/');
            }
        }
    }

    /// <summary>What was planned for a run; null if it is not planned yet.</summary>
    internal async Task<EvaluationRun?> RunAsync(string runId, CancellationToken cancellationToken)
    {
        if (_runs.TryGetValue(runId, out EvaluationRun? known))
        {
            return known;
        }

        if (await ReadAsync($"{runId}/{RunFile}", EvaluationJson.Default.EvaluationRun, cancellationToken) is not { } read)
        {
            return null;
        }

        // It never changes.
        _runs[runId] = read.Value;
        return read.Value;
    }

    /// <summary>Writes what is planned for a run, unless it stands there already.</summary>
    internal Task<bool> WriteRunAsync(EvaluationRun run, CancellationToken cancellationToken) =>
        WriteOnceAsync($"{run.RunId}/{RunFile}", Serialize(run, EvaluationJson.Default.EvaluationRun), "application/json", cancellationToken);

    /// <summary>The shards of a folder of vectors that are there.</summary>
    internal async Task<HashSet<int>> ShardsDoneAsync(string features, CancellationToken cancellationToken)
    {
        HashSet<int> done = [];
        await foreach (BlobItem blob in _container.GetBlobsAsync(new GetBlobsOptions { Prefix = features + "/" }, cancellationToken))
        {
            if (blob.Name.EndsWith(".npy", StringComparison.Ordinal) && int.TryParse(blob.Name.AsSpan(features.Length + 1, blob.Name.Length - features.Length - 5), out int shard))
            {
                done.Add(shard);
            }
        }

        return done;
    }

    /// <summary>Whether a shard's vectors are there.</summary>
    internal async Task<bool> HasShardAsync(string features, int shard, CancellationToken cancellationToken) =>
        await Blob(ShardName(features, shard, ".npy")).ExistsAsync(cancellationToken);

    /// <summary>Writes a shard's faults, then its vectors; either only if it is not there. With the vectors the shard is done.</summary>
    internal async Task WriteShardAsync(string features, int shard, EmbeddingMatrix vectors, ShardFaults faults, CancellationToken cancellationToken)
    {
        await WriteOnceAsync(ShardName(features, shard, ".json"), Serialize(faults, EvaluationJson.Default.ShardFaults), "application/json", cancellationToken);
        await WriteOnceAsync(ShardName(features, shard, ".npy"), new BinaryData(NpyFormat.Write(vectors)), "application/octet-stream", cancellationToken);
    }

    /// <summary>Brings a shard's vectors into a file.</summary>
    /// <returns>The shard's faults.</returns>
    /// <exception cref="InvalidDataException">They are not there.</exception>
    internal async Task<ShardFaults> DownloadShardAsync(string features, int shard, string path, CancellationToken cancellationToken)
    {
        using Response download = await Blob(ShardName(features, shard, ".npy")).DownloadToAsync(path, cancellationToken);
        return (await ReadAsync(ShardName(features, shard, ".json"), EvaluationJson.Default.ShardFaults, cancellationToken))?.Value
            ?? throw new InvalidDataException($"Shard {shard} of {features} has vectors but no list of faults.");
    }

    /// <summary>Writes one of a run's files, in place of what stands there.</summary>
    internal Task WriteFileAsync(string runId, string file, BinaryData content, string contentType, CancellationToken cancellationToken) =>
        TryWriteAsync($"{runId}/{file}", content, contentType, null, cancellationToken);

    /// <summary>One of a run's files; null if it is not there.</summary>
    public async Task<BinaryData?> ReadFileAsync(string runId, string file, CancellationToken cancellationToken)
    {
        try
        {
            return (await Blob($"{runId}/{file}").DownloadContentAsync(cancellationToken)).Value.Content;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Opens one of a run's files.</summary>
    internal Task<Stream> OpenFileAsync(string runId, string file, CancellationToken cancellationToken) =>
        Blob($"{runId}/{file}").OpenReadAsync(cancellationToken: cancellationToken);

    /// <summary>Writes one of a run's files, whatever its size, in place of what stands there.</summary>
    internal async Task WriteFileAsync(string runId, string file, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        // Not straight into the blob: of two workers who write the same file at once one would fail.
        string path = Path.GetTempFileName();
        FileStream local = new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        await using (local)
        {
            await write(local);
            local.Position = 0;
            await Blob($"{runId}/{file}").UploadAsync(local, overwrite: true, cancellationToken);
        }
    }

    private static string ShardName(string features, int shard, string extension) => $"{features}/{shard:d6}{extension}";

    private static BinaryData Serialize<T>(T value, JsonTypeInfo<T> type) => new(JsonSerializer.SerializeToUtf8Bytes(value, type));

    private BlobClient Blob(string name) => _container.GetBlobClient(name);

    private async Task<(T Value, ETag ETag)?> ReadAsync<T>(string name, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            BlobDownloadResult download = await Blob(name).DownloadContentAsync(cancellationToken);
            return JsonSerializer.Deserialize(download.Content, type) is { } value ? (value, download.Details.ETag) : null;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private Task<bool> WriteOnceAsync(string name, BinaryData content, string contentType, CancellationToken cancellationToken) =>
        TryWriteAsync(name, content, contentType, new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken);

    private async Task<bool> TryWriteAsync(
        string name,
        BinaryData content,
        string contentType,
        BlobRequestConditions? conditions,
        CancellationToken cancellationToken)
    {
        BlobUploadOptions options = new() { Conditions = conditions, HttpHeaders = new BlobHttpHeaders { ContentType = contentType } };
        try
        {
            try
            {
                await Blob(name).UploadAsync(content, options, cancellationToken);
            }
            catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.ContainerNotFound)
            {
                // A message may be there before the host has made its containers; every run begins with such a write.
                await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
                await Blob(name).UploadAsync(content, options, cancellationToken);
            }

            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            return false;
        }
    }
}
