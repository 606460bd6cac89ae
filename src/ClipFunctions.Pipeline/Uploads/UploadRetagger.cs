using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Labels;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>
/// Goes over all uploads after the model or the labels have changed. What an upload's record and tags already say is not done again, so that a run that
/// was stopped goes on where it was, and events that arrive meanwhile do no harm: <see cref="UploadTagger"/> does the work, with all its conditions.
/// </summary>
public sealed class UploadRetagger
{
    private const int MaxListedFaults = 20;
    private const int MaxParallelism = 1024;

    private readonly BlobContainerClient _uploads;
    private readonly UploadTagger _tagger;
    private readonly ResultStore _results;
    private readonly ModelCache _models;
    private readonly TaggingHeads _heads;
    private readonly ClipOptions _options;

    /// <summary>Puts the parts together; nothing is read or loaded yet.</summary>
    public UploadRetagger(StorageConnection storage, StorageLayout layout, UploadTagger tagger, ResultStore results, ModelCache models, TaggingHeads heads, IOptions<ClipOptions> options)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(options);
        _uploads = storage.Blobs.GetBlobContainerClient(layout.Uploads);
        _tagger = tagger;
        _results = results;
        _models = models;
        _heads = heads;
        _options = options.Value;
    }

    /// <summary>Goes over the uploads. One that cannot be done is told, and the others are.</summary>
    /// <param name="options">Which, and how.</param>
    /// <param name="progress">Told of now and then; may be null.</param>
    /// <param name="cancellationToken">Stops it; what is done stays done.</param>
    /// <exception cref="ArgumentOutOfRangeException">The parallelism is out of its range.</exception>
    /// <exception cref="RequestFailedException">The container cannot be listed.</exception>
    /// <exception cref="InvalidSettingException">The model has no labels to choose from.</exception>
    public async Task<RetagReport> RunAsync(RetagOptions options, IProgress<RetagProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Parallelism, MaxParallelism);

        // Held to the end, so that the model cannot leave the cache in between.
        using ModelLease lease = await _models.LeaseAsync(_options.Model, cancellationToken);
        TaggingHead head = await _heads.ForAsync(lease.Model, cancellationToken);
        Counts counts = new();
        GetBlobsOptions listing = new() { Prefix = options.Prefix, Traits = BlobTraits.Tags };
        await Parallel.ForEachAsync(
            _uploads.GetBlobsAsync(listing, cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken },
            async (blob, token) =>
            {
                try
                {
                    await HandleAsync(blob, options, lease.Model.Fingerprint, head.Id, counts, token);
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !token.IsCancellationRequested)
                {
                    counts.Fault(blob.Name, exception);
                }

                progress?.Report(counts.Progress());
            });
        return counts.Report(lease.Model.Manifest.Id, lease.Model.Fingerprint, head.Name);
    }

    private async Task HandleAsync(BlobItem blob, RetagOptions options, string fingerprint, string labelSetId, Counts counts, CancellationToken cancellationToken)
    {
        // A name that leads elsewhere has no record; what stands where it leads is none of ours to read, still less to delete.
        StoredResult standing = BlobPath.LeadsInto(_uploads, blob.Name) ? await _results.ReadAsync(blob.Name, cancellationToken) : StoredResult.None;
        string? reason = options.Force ? "Forced" : Reason(blob, standing.Result, fingerprint, labelSetId);
        if (reason is null)
        {
            counts.UpToDate();
            return;
        }

        if (options.DryRun)
        {
            counts.Done(reason, null);
            return;
        }

        if (options.Force && standing.Result is not null)
        {
            await _results.DeleteAsync(blob.Name, standing, cancellationToken);
        }

        UploadReport report = await _tagger.TagAsync(new UploadEvent(blob.Name), cancellationToken);
        counts.Done(reason, report.Outcome);
    }

    /// <summary>Why an upload must be done; null if it need not.</summary>
    private string? Reason(BlobItem blob, UploadResult? record, string fingerprint, string labelSetId)
    {
        if (record is null)
        {
            return "NoRecord";
        }

        if (record.Model.Fingerprint != fingerprint)
        {
            return "OtherModel";
        }

        if (record.LabelSet.Id != labelSetId)
        {
            return "OtherLabels";
        }

        if (ListedETag.Of(blob)?.ToString("G") != record.Source.ETag)
        {
            return "OtherVersion";
        }

        return UploadTags.AreComplete(record, _options.TaggedLabels, blob.Tags ?? new Dictionary<string, string>()) ? null : "TagsMissing";
    }

    private sealed class Counts
    {
        private readonly ConcurrentDictionary<string, long> _reasons = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<UploadOutcome, long> _outcomes = new();
        private readonly ConcurrentQueue<RetagFault> _first = new();
        private long _upToDate;
        private long _done;
        private long _faults;

        public void UpToDate() => Interlocked.Increment(ref _upToDate);

        public void Done(string reason, UploadOutcome? outcome)
        {
            _reasons.AddOrUpdate(reason, 1, (_, count) => count + 1);
            if (outcome is { } became)
            {
                _outcomes.AddOrUpdate(became, 1, (_, count) => count + 1);
            }

            Interlocked.Increment(ref _done);
        }

        public void Fault(string name, Exception exception)
        {
            if (Interlocked.Increment(ref _faults) <= MaxListedFaults)
            {
                _first.Enqueue(new RetagFault(name, $"{exception.GetType().Name}: {exception.Message.Split('\n', 2)[0].Trim()}"));
            }
        }

        public RetagProgress Progress()
        {
            long upToDate = Interlocked.Read(ref _upToDate);
            long done = Interlocked.Read(ref _done);
            return new RetagProgress(upToDate + done + Interlocked.Read(ref _faults), upToDate, done);
        }

        public RetagReport Report(string model, string fingerprint, string labelSet) =>
            new(model, fingerprint, labelSet, _upToDate + _done + _faults, _upToDate, _reasons, _outcomes, _faults, [.. _first]);
    }
}
