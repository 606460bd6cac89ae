using System.Diagnostics;
using System.Security.Cryptography;
using Azure;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Labels;
using ClipFunctions.Pipeline.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>
/// From an uploaded picture to its embedding, result record and blob tags. Events may come twice, late, and to several
/// workers at once: the key of the work is (path, ETag, fingerprint, label set), each write is conditional, and tags
/// come last, so that the effect is the same as if each event had come once.
/// </summary>
public sealed partial class UploadTagger
{
    private const int MaxWriteAttempts = 8;

    private readonly UploadReader _uploads;
    private readonly ResultStore _results;
    private readonly ModelCache _models;
    private readonly TaggingHeads _heads;
    private readonly PipelineTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ClipOptions _options;
    private readonly ImageLimits _limits;
    private readonly ILogger<UploadTagger> _logger;

    /// <summary>Puts the parts together; nothing is read or loaded yet.</summary>
    public UploadTagger(
        UploadReader uploads,
        ResultStore results,
        ModelCache models,
        TaggingHeads heads,
        PipelineTelemetry telemetry,
        TimeProvider time,
        IOptions<ClipOptions> options,
        ImageLimits limits,
        ILogger<UploadTagger> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _uploads = uploads;
        _results = results;
        _models = models;
        _heads = heads;
        _telemetry = telemetry;
        _time = time;
        _options = options.Value;
        _limits = limits;
        _logger = logger;
    }

    /// <summary>
    /// Does what an event asks for. Faults of the picture end in a failure record; what may pass (storage, memory, the
    /// model's session) is thrown, for the host to try again.
    /// </summary>
    public async Task<UploadReport> TagAsync(UploadEvent upload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        using Activity? activity = PipelineTelemetry.Activities.StartActivity("tag upload");
        activity?.SetTag("clip.upload", upload.Name);
        try
        {
            UploadReport report = await RunAsync(upload, cancellationToken);
            string? reason = report.Result?.Failure?.Reason;
            activity?.SetTag("clip.outcome", report.Outcome.ToString());
            _telemetry.RecordOutcome(report.Outcome, reason);
            Log(upload, report);
            return report;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            _telemetry.RecordFault(exception);
            LogFault(upload.Name, exception.GetType().Name, exception.Message.Split('\n', 2)[0].TrimEnd());
            throw;
        }
    }

    private async Task<UploadReport> RunAsync(UploadEvent upload, CancellationToken cancellationToken)
    {
        if (!_uploads.CanReach(upload.Name))
        {
            return new UploadReport(UploadOutcome.Unreachable, null);
        }

        long start = Stopwatch.GetTimestamp();
        using ModelLease lease = await _models.LeaseAsync(_options.Model, cancellationToken);
        ClipModel model = lease.Model;
        TaggingHead head = await _heads.ForAsync(model, cancellationToken);

        // The record and the picture are asked for at once: nearly always both are wanted.
        Task<StoredResult> reading = _results.ReadAsync(upload.Name, cancellationToken);
        Task<UploadContent?> downloading = _uploads.ReadAsync(upload, _limits.MaxBytes, cancellationToken);
        try
        {
            await Task.WhenAll(reading, downloading);
        }
        catch when (downloading.IsCompletedSuccessfully)
        {
            (await downloading)?.Dispose();
            throw;
        }

        StoredResult standing = await reading;
        using UploadContent? content = await downloading;
        TimeSpan downloadTime = Stopwatch.GetElapsedTime(start);
        if (content is null)
        {
            return await VanishedAsync(upload.Name, cancellationToken);
        }

        _telemetry.RecordStage("download", downloadTime);
        UploadKey key = new(content.ETag, model.Fingerprint, head.Id);
        if (key.Matches(standing.Result))
        {
            return await CompleteTagsAsync(upload.Name, content.ETag, standing.Result!, cancellationToken);
        }

        // Asked for at once, the record may have been read later than the picture, and be a newer version's already. Only if
        // the picture is still the present version after the record was read do conditional writes keep the order.
        if (standing.ETag is not null && await _uploads.VersionAsync(upload.Name, cancellationToken) != content.ETag)
        {
            return await VanishedAsync(upload.Name, cancellationToken);
        }

        string? sha256 = content.IsOverLimit ? null : Convert.ToHexStringLower(SHA256.HashData(content.Bytes.Span));
        UploadSource source = new(_uploads.Container, upload.Name, content.ETag.ToString("G"), content.Size, sha256);
        UploadResult result = new()
        {
            State = UploadState.Tagged,
            Source = source,
            Model = new UploadModel(model.Manifest.Id, model.Fingerprint, model.Manifest.Precision, model.Device.Name),
            Preprocess = model.Preprocessor.Settings.Mode,
            LabelSet = new UploadLabelSet(head.Name, head.Id),
            Timings = new UploadTimings(downloadTime.TotalMilliseconds, 0, 0, 0, 0),
            Time = _time.GetUtcNow(),
        };

        Computation computation = (key.Reuses(standing.Result, sha256) && standing.Result!.Preprocess == result.Preprocess ? await TryReuseAsync(result, standing.Result!, cancellationToken) : null)
            ?? await ComputeAsync(lease, head, content, result, cancellationToken);
        computation = computation with
        {
            Result = computation.Result with
            {
                Timings = computation.Result.Timings with { TotalMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds },
            },
        };

        UploadReport report = await WriteAsync(computation, key, standing, cancellationToken);
        if (report.Outcome is UploadOutcome.Tagged or UploadOutcome.Failed or UploadOutcome.Reused)
        {
            report = await TagAsync(report, content, cancellationToken);
            _telemetry.RecordAge(_time.GetUtcNow() - content.LastModified);
            _telemetry.RecordStage("total", Stopwatch.GetElapsedTime(start));
        }

        return report;
    }

    /// <summary>
    /// The earlier record's answer; null if its embedding is not the one that stands now: a worker on a version in between may
    /// have written its own before it learned that it was late.
    /// </summary>
    private async Task<Computation?> TryReuseAsync(UploadResult result, UploadResult earlier, CancellationToken cancellationToken)
    {
        UploadEmbedding? embedding = null;
        if (earlier.Embedding is not null)
        {
            embedding = await _results.TryClaimEmbeddingAsync(earlier.Embedding, result, cancellationToken);
            if (embedding is null)
            {
                return null;
            }
        }

        return new Computation(
            result with { State = earlier.State, Labels = earlier.Labels, Embedding = embedding, Failure = earlier.Failure },
            null,
            UploadOutcome.Reused);
    }

    private async Task<Computation> ComputeAsync(
        ModelLease lease,
        TaggingHead head,
        UploadContent content,
        UploadResult result,
        CancellationToken cancellationToken)
    {
        try
        {
            if (content.IsOverLimit)
            {
                throw new TooManyBytesException(_limits.MaxBytes, content.Size);
            }

            // Taken also when the queue is full: the trigger bounds how many uploads there are at a time.
            EncodedPicture picture = await lease.Encoder.EncodeImageAsync(content.Bytes, QueueAdmission.Always, cancellationToken);
            _telemetry.RecordStage("preprocess", picture.Preprocess);
            _telemetry.RecordStage("encode", picture.Encode);

            long start = Stopwatch.GetTimestamp();
            float[] vector = picture.Vector.ToArray();
            IReadOnlyList<LabelScore> scores = await head.ScoreAsync(lease.Model, vector, Math.Max(_options.TopK, _options.TaggedLabels), cancellationToken);
            TimeSpan classifyTime = Stopwatch.GetElapsedTime(start);
            _telemetry.RecordStage("classify", classifyTime);

            return new Computation(
                result with
                {
                    Labels = [.. scores.Select(score => new UploadLabel(score.Label, score.Index, score.Probability, score.Logit))],
                    Timings = result.Timings with
                    {
                        PreprocessMs = picture.Preprocess.TotalMilliseconds,
                        EncodeMs = picture.Encode.TotalMilliseconds,
                        ClassifyMs = classifyTime.TotalMilliseconds,
                    },
                },
                vector,
                UploadOutcome.Tagged);
        }
        catch (ImageException exception)
        {
            return new Computation(
                result with { State = UploadState.Failed, Failure = new UploadFailure(exception.Reason, exception.Message) },
                null,
                UploadOutcome.Failed);
        }
    }

    /// <summary>Embedding, then record; over again with what stands there now as long as another worker writes in between.</summary>
    private async Task<UploadReport> WriteAsync(Computation computation, UploadKey key, StoredResult standing, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        string name = computation.Result.Source.Name;
        ETag? standingEmbedding = EmbeddingVersion(standing.Result);
        for (int attempt = 1; attempt <= MaxWriteAttempts; attempt++)
        {
            UploadEmbedding? embedding = computation.Result.Embedding;
            bool ready = true;
            if (computation.Vector is { } vector)
            {
                embedding = await _results.TryWriteEmbeddingAsync(computation.Result, vector, standingEmbedding, cancellationToken);
                ready = embedding is not null;
            }

            if (ready)
            {
                UploadResult result = computation.Result with { Embedding = embedding };
                if (await _results.TryWriteAsync(result, standing, cancellationToken))
                {
                    if (embedding is null && standing.Result?.Embedding is { } stale)
                    {
                        await _results.DeleteEmbeddingAsync(stale, cancellationToken);
                    }

                    _telemetry.RecordStage("write", Stopwatch.GetElapsedTime(start));
                    return new UploadReport(computation.Outcome, result);
                }
            }

            standing = await _results.ReadAsync(name, cancellationToken);
            if (key.Matches(standing.Result))
            {
                return await CompleteTagsAsync(name, key.ETag, standing.Result!, cancellationToken);
            }

            standingEmbedding = await _results.ReplaceableEmbeddingAsync(computation.Result, cancellationToken);

            // Last of all: whoever handles a version that comes after this look also writes after it, and our next write fails.
            if (await _uploads.VersionAsync(name, cancellationToken) != key.ETag)
            {
                return await VanishedAsync(name, cancellationToken);
            }

            if (computation.Outcome == UploadOutcome.Reused)
            {
                // What was reused has been replaced; the next try looks at it afresh.
                break;
            }
        }

        throw new InvalidOperationException(
            $"The record of '{name}' was changed by others again and again while it was being written; it will be tried again.");
    }

    /// <summary>Sets the tags of a record just written.</summary>
    private async Task<UploadReport> TagAsync(UploadReport report, UploadContent content, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        UploadResult result = report.Result!;
        IDictionary<string, string>? present = content.TagCount > 0
            ? await _uploads.TagsAsync(result.Source.Name, cancellationToken)
            : new Dictionary<string, string>();
        if (present is null)
        {
            return new UploadReport(UploadOutcome.Gone, null);
        }

        UploadReport tagged = await SetTagsAsync(report, content.ETag, present, cancellationToken);
        _telemetry.RecordStage("tag", Stopwatch.GetElapsedTime(start));
        return tagged;
    }

    /// <summary>The record of this very version stands: only its tags may still be missing.</summary>
    private async Task<UploadReport> CompleteTagsAsync(string name, ETag etag, UploadResult result, CancellationToken cancellationToken)
    {
        UploadReport report = new(UploadOutcome.AlreadyDone, result);
        if (await _uploads.TagsAsync(name, cancellationToken) is not { } present)
        {
            return new UploadReport(UploadOutcome.Gone, null);
        }

        return UploadTags.AreComplete(result, _options.TaggedLabels, present) ? report : await SetTagsAsync(report, etag, present, cancellationToken);
    }

    private async Task<UploadReport> SetTagsAsync(UploadReport report, ETag etag, IDictionary<string, string> present, CancellationToken cancellationToken)
    {
        string name = report.Result!.Source.Name;
        Dictionary<string, string> tags = UploadTags.For(report.Result, _options.TaggedLabels, present);
        bool set = await _uploads.TrySetTagsAsync(name, etag, tags, cancellationToken);

        // Older storage versions (and Azurite) set tags whatever the ETag: if the blob was replaced just now, the tags of
        // its old version may have come onto the new one. Whoever handles the new version may have set its tags before
        // that, so they are set again here from its record.
        ETag? version = await _uploads.VersionAsync(name, cancellationToken);
        if (set && version == etag)
        {
            return report;
        }

        if (set && version is { } newer
            && (await _results.ReadAsync(name, cancellationToken)).Result is { } record
            && record.Source.ETag == newer.ToString("G")
            && await _uploads.TagsAsync(name, cancellationToken) is { } nowPresent)
        {
            await _uploads.TrySetTagsAsync(name, newer, UploadTags.For(record, _options.TaggedLabels, nowPresent), cancellationToken);
        }

        return new UploadReport(version is null ? UploadOutcome.Gone : UploadOutcome.Superseded, null);
    }

    private async Task<UploadReport> VanishedAsync(string name, CancellationToken cancellationToken) =>
        new(await _uploads.VersionAsync(name, cancellationToken) is null ? UploadOutcome.Gone : UploadOutcome.Superseded, null);

    private static ETag? EmbeddingVersion(UploadResult? result) =>
        result?.Embedding is { } embedding ? new ETag(embedding.ETag) : null;

    private void Log(UploadEvent upload, UploadReport report)
    {
        if (report.Result is { State: UploadState.Tagged, Labels: [{ } best, ..] } tagged)
        {
            LogTagged(upload.Name, report.Outcome, best.Label, best.Probability, tagged.Timings.TotalMs);
        }
        else if (report.Result?.Failure is { } failure)
        {
            LogFailed(upload.Name, report.Outcome, failure.Reason, failure.Message);
        }
        else if (report.Outcome == UploadOutcome.Unreachable)
        {
            LogUnreachable(upload.Name);
        }
        else
        {
            LogSkipped(upload.Name, report.Outcome);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Upload}: {Outcome}, {Label} ({Probability:P1}) in {Milliseconds:F1} ms")]
    private partial void LogTagged(string upload, UploadOutcome outcome, string label, float probability, double milliseconds);

    [LoggerMessage(2, LogLevel.Warning, "{Upload}: {Outcome}, {Reason}: {Message}")]
    private partial void LogFailed(string upload, UploadOutcome outcome, string reason, string message);

    [LoggerMessage(3, LogLevel.Information, "{Upload}: {Outcome}")]
    private partial void LogSkipped(string upload, UploadOutcome outcome);

    // The exception itself is the host's to log.
    [LoggerMessage(4, LogLevel.Warning, "{Upload}: this try failed, {Error}: {Message}")]
    private partial void LogFault(string upload, string error, string message);

    [LoggerMessage(5, LogLevel.Warning, "{Upload}: no address leads to a blob of this name, so that it is left alone; delete it, or upload it under another name")]
    private partial void LogUnreachable(string upload);

    /// <summary>What is to be written; the vector is null if there is none, or if the one that stands is kept.</summary>
    private sealed record Computation(UploadResult Result, float[]? Vector, UploadOutcome Outcome);
}
