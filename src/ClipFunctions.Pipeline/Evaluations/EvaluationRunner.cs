using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Datasets;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Evaluation;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Labels;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Telemetry;
using ClipFunctions.Probe.Reports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>
/// The steps of a run: plan, extract each shard's vectors, fit and report. Each is called with a queue's message, which may come twice, late, and
/// to several workers; a step may be killed at any time and is done anew. What can never succeed ends in the run's status and in the
/// poison queue at once; what may pass is thrown, for the host to try again.
/// </summary>
public sealed partial class EvaluationRunner
{
    private static readonly TimeSpan CancelPoll = TimeSpan.FromSeconds(2);

    private readonly EvaluationStore _store;
    private readonly EvaluationQueues _queues;
    private readonly ModelCache _models;
    private readonly LabelSetProvider _labelSets;
    private readonly FeatureExtractor _extractor;
    private readonly EvaluationFitter _fitter;
    private readonly StorageConnection _storage;
    private readonly StorageLayout _layout;
    private readonly EvaluationOptions _options;
    private readonly string _defaultModel;
    private readonly TimeProvider _time;
    private readonly ILogger<EvaluationRunner> _logger;

    /// <summary>Puts the parts together; nothing is read or loaded yet.</summary>
    public EvaluationRunner(
        EvaluationStore store,
        EvaluationQueues queues,
        ModelCache models,
        LabelSetProvider labelSets,
        FeatureExtractor extractor,
        EvaluationFitter fitter,
        StorageConnection storage,
        StorageLayout layout,
        IOptions<EvaluationOptions> options,
        IOptions<ClipOptions> clip,
        TimeProvider time,
        ILogger<EvaluationRunner> logger)
    {
        _store = store;
        _queues = queues;
        _models = models;
        _labelSets = labelSets;
        _extractor = extractor;
        _fitter = fitter;
        _storage = storage;
        _layout = layout;
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clip);
        _options = options.Value;
        _defaultModel = clip.Value.Model;
        _time = time;
        _logger = logger;
    }

    /// <summary>The evaluations queue: looks through the data set and hands out its shards.</summary>
    /// <param name="delivery">An <see cref="EvaluationRequest"/>.</param>
    /// <param name="cancellationToken">Ends the step; it will be done anew.</param>
    public async Task PlanAsync(QueueDelivery delivery, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        EvaluationRequest? request = null;
        string runId = "message-" + delivery.MessageId;
        try
        {
            request = EvaluationRequestReader.Parse(delivery.Body);
            runId = request.RunId ?? runId;
        }
        catch (InvalidEvaluationException exception)
        {
            await _store.CreateStatusAsync(RunIdOf(delivery.Body) ?? runId, null, cancellationToken);
            await FailAsync(RunIdOf(delivery.Body) ?? runId, _layout.EvaluationQueue, delivery, exception.Code, exception.Message, cancellationToken);
            return;
        }

        EvaluationRequest named = request with { RunId = runId };
        await _store.CreateStatusAsync(runId, named, cancellationToken);
        if (request.RunId is null)
        {
            // Sent on with its id: a poison queue's messages have ids of their own, and nothing there would tell whose it was.
            await _queues.SendRunAsync(named, cancellationToken);
            return;
        }

        await StepAsync("plan", runId, _layout.EvaluationQueue, delivery, token => PlanAsync(runId, request, token), cancellationToken);
    }

    /// <summary>The shards queue: turns a shard's pictures into vectors, unless they are there; the last one asks for the fit.</summary>
    /// <param name="delivery">A shard of a run.</param>
    /// <param name="cancellationToken">Ends the step; it will be done anew.</param>
    public async Task ExtractAsync(QueueDelivery delivery, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        if (Read(delivery.Body, EvaluationJson.Default.ShardMessage) is not { RunId: { } runId } message || !EvaluationRequestReader.IsRunId(runId))
        {
            await PoisonAsync(_layout.ShardQueue, delivery, "InvalidMessage", cancellationToken);
            return;
        }

        await StepAsync("extract", runId, _layout.ShardQueue, delivery, token => ExtractAsync(runId, message.Shard, token), cancellationToken);
    }

    /// <summary>The fits queue: fits and measures, and writes the report.</summary>
    /// <param name="delivery">A run.</param>
    /// <param name="cancellationToken">Ends the step; it will be done anew.</param>
    public async Task FitAsync(QueueDelivery delivery, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        if (Read(delivery.Body, EvaluationJson.Default.FitMessage) is not { RunId: { } runId } || !EvaluationRequestReader.IsRunId(runId))
        {
            await PoisonAsync(_layout.FitQueue, delivery, "InvalidMessage", cancellationToken);
            return;
        }

        await StepAsync("fit", runId, _layout.FitQueue, delivery, token => FitAsync(runId, token), cancellationToken);
    }

    /// <summary>A host gives a message up without a last try: its tries ended the process, or never came back. Its run fails, unless it is over.</summary>
    /// <param name="delivery">The message.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task GiveUpAsync(QueueDelivery delivery, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        string runId = RunIdOf(delivery.Body) ?? "message-" + delivery.MessageId;
        if (await _store.StatusAsync(runId, cancellationToken) is not { IsOver: false })
        {
            return;
        }

        await MarkFailedAsync(runId, "GaveUp", "A step of the run was given up: no try of it came back. Its process may have ended each time, perhaps for lack of memory.", cancellationToken);
    }

    private async Task PlanAsync(string runId, EvaluationRequest request, CancellationToken cancellationToken)
    {
        EvaluationRun? run = await _store.RunAsync(runId, cancellationToken);
        if (run is null)
        {
            await _store.ChangeStatusAsync(runId, status => status with { State = EvaluationState.Planning }, cancellationToken);
            run = await MakePlanAsync(runId, request, cancellationToken);
        }

        int pictures = run.Shards.Sum(shard => shard.Count);
        HashSet<int> done = await _store.ShardsDoneAsync(run.Features, cancellationToken);
        int[] missing = [.. run.Shards.Select(shard => shard.Index).Where(shard => !done.Contains(shard))];
        LogPlanned(runId, pictures, run.Shards.Count, run.Shards.Count - missing.Length);
        await _store.ChangeStatusAsync(
            runId,
            status => status.State == EvaluationState.Fitting ? null : status with { State = EvaluationState.Extracting, Pictures = pictures, Shards = run.Shards.Count, Failure = null },
            cancellationToken);
        if (missing.Length == 0)
        {
            await _queues.SendFitAsync(runId, cancellationToken);
        }
        else
        {
            await _queues.SendShardsAsync(runId, missing, cancellationToken);
        }
    }

    private async Task<EvaluationRun> MakePlanAsync(string runId, EvaluationRequest request, CancellationToken cancellationToken)
    {
        string modelName = string.IsNullOrWhiteSpace(request.Model) ? _defaultModel : request.Model;
        using ModelLease lease = await LeaseAsync(modelName, cancellationToken);
        ClipModel model = lease.Model;
        long start = _time.GetTimestamp();
        DatasetPlan plan;
        try
        {
            plan = await DatasetPlanner.PlanAsync(
                await FilesOfAsync(request, cancellationToken),
                new DatasetOptions { Format = request.Format is { } format ? Enum.Parse<DatasetFormat>(format, ignoreCase: true) : null, MaxListedFaults = _options.MaxListedFaults },
                cancellationToken: cancellationToken);
        }
        catch (InvalidDatasetException exception)
        {
            throw new InvalidEvaluationException("InvalidDataset", exception.Message, exception);
        }

        DatasetCheck.Check(plan, request.Kind);
        ClassLabels? labels = request.Kind == EvaluationKind.ZeroShot ? ClassLabelsFinder.Of(plan.Classes, request.Labels, LabelSetOf(request, model), request.Templates) : null;
        if (labels is not null)
        {
            ClassLabelsFinder.CheckPrompts(labels, model);
        }

        ShardRule rule = new() { MinItems = _options.MinShardPictures, MaxItems = _options.MaxShardPictures };
        IReadOnlyList<DatasetShard> shards = [.. rule.Cut(plan).Where(shard => request.Kind == EvaluationKind.LinearProbe || shard.Split == DatasetSplit.Test)];
        foreach (DatasetShard shard in shards)
        {
            await _store.WriteFileAsync(runId, EvaluationStore.ShardFile(shard.Index), stream => PlanFile.WriteShardAsync(plan, shard, stream, cancellationToken), cancellationToken);
        }

        await _store.WriteFileAsync(runId, EvaluationStore.PlanFile, stream => PlanFile.WriteAsync(plan, stream, cancellationToken), cancellationToken);
        EvaluationRun run = new()
        {
            RunId = runId,
            Request = request with { RunId = runId },
            DatasetId = plan.Id,
            Model = modelName,
            ModelId = model.Manifest.Id,
            Fingerprint = model.Fingerprint,
            Precision = model.Manifest.Precision,
            Dimension = model.EmbeddingDimension,
            Labels = labels,
            Shards = shards,
            Features = EvaluationStore.FeaturesOf(plan.Id, model.Fingerprint, _options),
            Planned = _time.GetUtcNow(),
            PlanSeconds = _time.GetElapsedTime(start).TotalSeconds,
        };

        // Of two who plan at once, one is first, and both go on with what that one has written. The files of both are the same
        // unless the data set changed in between; then the later step finds another plan's id, and fails.
        await _store.WriteRunAsync(run, cancellationToken);
        return await _store.RunAsync(runId, cancellationToken) ?? run;
    }

    private async Task ExtractAsync(string runId, int shardIndex, CancellationToken cancellationToken)
    {
        EvaluationRun run = await PlannedAsync(runId, cancellationToken);
        DatasetShard shard = run.Shards.FirstOrDefault(shard => shard.Index == shardIndex);
        if (shard.Count == 0)
        {
            throw new InvalidEvaluationException("InvalidMessage", string.Create(CultureInfo.InvariantCulture, $"The run has no shard {shardIndex}."));
        }

        if (!await _store.HasShardAsync(run.Features, shardIndex, cancellationToken))
        {
            using ModelLease lease = await LeaseAsync(run.Model, cancellationToken);
            CheckModel(run, lease.Model);
            DateTimeOffset started = _time.GetUtcNow();
            long start = _time.GetTimestamp();
            (EmbeddingMatrix vectors, IReadOnlyList<PictureFault> faults) = await ExtractAsync(run, shard, lease.Model, cancellationToken);
            double seconds = _time.GetElapsedTime(start).TotalSeconds;
            await _store.WriteShardAsync(run.Features, shardIndex, vectors, new ShardFaults(shard.Count, faults, new ShardExtraction(runId, started, seconds)), cancellationToken);
            LogExtracted(runId, shardIndex, shard.Count, faults.Count, shard.Count / seconds);
        }

        HashSet<int> done = await _store.ShardsDoneAsync(run.Features, cancellationToken);
        if (run.Shards.All(other => done.Contains(other.Index)))
        {
            await _queues.SendFitAsync(runId, cancellationToken);
        }
    }

    private async Task<(EmbeddingMatrix Vectors, IReadOnlyList<PictureFault> Faults)> ExtractAsync(EvaluationRun run, DatasetShard shard, ClipModel model, CancellationToken cancellationToken)
    {
        await using Stream stream = await _store.OpenFileAsync(run.RunId, EvaluationStore.ShardFile(shard.Index), cancellationToken);
        try
        {
            using PlanReader reader = await PlanReader.OpenAsync(stream, $"{run.RunId}/{EvaluationStore.ShardFile(shard.Index)}", cancellationToken);
            if (reader.Header.Id != run.DatasetId || reader.Header.Count != shard.Count)
            {
                throw new InvalidEvaluationException("DatasetChanged", "The data set changed while the run was planned. Start another run.");
            }

            List<DatasetItem> items = new(shard.Count);
            await foreach (DatasetItem item in reader.ReadItemsAsync(cancellationToken))
            {
                items.Add(item);
            }

            return await _extractor.ExtractAsync(model, await FilesOfAsync(run.Request, cancellationToken), items, items.Count, null, cancellationToken);
        }
        catch (InvalidDatasetException exception)
        {
            throw new InvalidEvaluationException("InvalidDataset", exception.Message, exception);
        }
    }

    private async Task FitAsync(string runId, CancellationToken cancellationToken)
    {
        EvaluationRun run = await PlannedAsync(runId, cancellationToken);
        await _store.ChangeStatusAsync(runId, status => status with { State = EvaluationState.Fitting, Failure = null }, cancellationToken);
        using ModelLease lease = await LeaseAsync(run.Model, cancellationToken);
        CheckModel(run, lease.Model);
        EvaluationReport report = await _fitter.FitAsync(run, lease.Model, await FilesOfAsync(run.Request, cancellationToken), cancellationToken);
        await _store.ChangeStatusAsync(runId, status => status with { State = EvaluationState.Done, Top1 = report.Result.Top1, Timings = report.Timings, Progress = null, Failure = null }, cancellationToken);
        LogDone(runId, report.Result.Top1);
    }

    private async Task<EvaluationRun> PlannedAsync(string runId, CancellationToken cancellationToken) =>
        await _store.RunAsync(runId, cancellationToken) ?? throw new InvalidEvaluationException("NotPlanned", $"There is no plan of run '{runId}'.");

    private async Task<ModelLease> LeaseAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            return await _models.LeaseAsync(model, cancellationToken);
        }
        catch (Exception exception) when (exception is ModelNotFoundException or InvalidBundleException)
        {
            throw new InvalidEvaluationException("ModelNotFound", exception.Message, exception);
        }
    }

    private LabelSet? LabelSetOf(EvaluationRequest request, ClipModel model) => request.LabelSet is { } name
        ? _labelSets.All(model).FirstOrDefault(set => set.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidEvaluationException("LabelSetNotFound", $"There is no label set '{name}'. Those of this host: {string.Join(", ", _labelSets.All(model).Select(set => set.Name))}.")
        : null;

    private Task<BlobDatasetFiles> FilesOfAsync(EvaluationRequest request, CancellationToken cancellationToken) =>
        BlobDatasetFiles.OpenAsync(_storage.Blobs.GetBlobContainerClient(_layout.Datasets), request.Dataset!.TrimEnd('/'), cancellationToken);

    private static void CheckModel(EvaluationRun run, ClipModel model)
    {
        if (model.Fingerprint != run.Fingerprint)
        {
            throw new InvalidEvaluationException("ModelChanged", $"Model '{run.Model}' is another one now than when the run was planned: its fingerprint is {model.Fingerprint}, not {run.Fingerprint}. Start another run.");
        }
    }

    /// <summary>Runs a step unless its run is over; tells the status what becomes of it.</summary>
    private async Task StepAsync(string step, string runId, string queue, QueueDelivery delivery, Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        using Activity? activity = PipelineTelemetry.Activities.StartActivity($"evaluation {step}");
        activity?.SetTag("clip.run", runId);
        if (await _store.StatusAsync(runId, cancellationToken) is not { IsOver: false })
        {
            LogSkipped(runId, step);
            return;
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using CancellationTokenSource watched = new();
        Task<bool> watching = WatchAsync(runId, stop, watched.Token);
        try
        {
            await run(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            LogCancelled(runId, step);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (InvalidEvaluationException exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            await FailAsync(runId, queue, delivery, exception.Code, exception.Message, cancellationToken);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            EvaluationFailure failure = new(delivery.IsLastTry ? "GaveUp" : "TryingAgain", $"{step}: {exception.GetType().Name}: {exception.Message}");
            await _store.ChangeStatusAsync(
                runId,
                status => delivery.IsLastTry ? status with { State = EvaluationState.Failed, Failure = failure } : status with { Failure = failure },
                cancellationToken);
            throw;
        }
        finally
        {
            await watched.CancelAsync();
            await watching;
        }
    }

    /// <summary>Stops a step whose run has been stopped; a fault of storage is left to the step itself.</summary>
    private async Task<bool> WatchAsync(string runId, CancellationTokenSource stop, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(CancelPoll, _time, cancellationToken);
                try
                {
                    if (await _store.StatusAsync(runId, cancellationToken) is { IsOver: true })
                    {
                        await stop.CancelAsync();
                        return true;
                    }
                }
                catch (Exception exception) when (exception is Azure.RequestFailedException or AggregateException or IOException)
                {
                }
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task FailAsync(string runId, string queue, QueueDelivery delivery, string code, string message, CancellationToken cancellationToken)
    {
        await MarkFailedAsync(runId, code, message, cancellationToken);
        await PoisonAsync(queue, delivery, code, cancellationToken);
    }

    private async Task MarkFailedAsync(string runId, string code, string message, CancellationToken cancellationToken)
    {
        LogFailed(runId, code, message);
        await _store.ChangeStatusAsync(runId, status => status with { State = EvaluationState.Failed, Failure = new EvaluationFailure(code, message) }, cancellationToken);
    }

    // Tries would change nothing, so the message goes where the host would put it after all of them.
    private Task PoisonAsync(string queue, QueueDelivery delivery, string code, CancellationToken cancellationToken)
    {
        LogPoison(queue, code, delivery.MessageId);
        return _queues.SendPoisonAsync(queue, delivery.Body, cancellationToken);
    }

    private static T? Read<T>(BinaryData body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Also of a message that is no request otherwise.
    private static string? RunIdOf(BinaryData body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("runId", out JsonElement value)
                && value.ValueKind == JsonValueKind.String
                && value.GetString() is { } runId
                && EvaluationRequestReader.IsRunId(runId)
                ? runId
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Evaluation {RunId}: {Pictures} pictures in {Shards} shards, of which {Done} are there")]
    private partial void LogPlanned(string runId, int pictures, int shards, int done);

    [LoggerMessage(2, LogLevel.Information, "Evaluation {RunId}: shard {Shard} with {Pictures} pictures ({Faults} bad), {PerSecond:F0} a second")]
    private partial void LogExtracted(string runId, int shard, int pictures, int faults, double perSecond);

    [LoggerMessage(3, LogLevel.Information, "Evaluation {RunId}: done, top-1 {Top1:P2}")]
    private partial void LogDone(string runId, double top1);

    [LoggerMessage(4, LogLevel.Warning, "Evaluation {RunId} failed: {Code}: {Message}")]
    private partial void LogFailed(string runId, string code, string message);

    [LoggerMessage(5, LogLevel.Information, "Evaluation {RunId}: {Step} skipped, the run is over or there is none")]
    private partial void LogSkipped(string runId, string step);

    [LoggerMessage(6, LogLevel.Information, "Evaluation {RunId}: {Step} ended, the run was stopped")]
    private partial void LogCancelled(string runId, string step);

    [LoggerMessage(7, LogLevel.Warning, "{Queue}: message {MessageId} goes to the poison queue at once: {Code}")]
    private partial void LogPoison(string queue, string code, string messageId);
}
