using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Search;

/// <summary>Makes snapshots, each from the one before: lists the records and reads those that are new or changed. Used by one task at a time.</summary>
internal sealed class IndexBuilder
{
    private const string RecordSuffix = ".json";

    private readonly BlobContainerClient _results;
    private readonly RecordReader _reader;
    private readonly SearchOptions _options;
    private readonly TimeProvider _time;

    // What has been read stays here when a build fails halfway: the next one goes on.
    private readonly Dictionary<string, IndexedRecord> _records = new(StringComparer.Ordinal);
    private IndexSnapshot? _snapshot;
    private bool _changed;

    public IndexBuilder(StorageConnection storage, StorageLayout layout, SearchOptions options, TimeProvider time)
    {
        _results = storage.Blobs.GetBlobContainerClient(layout.Results);
        _reader = new RecordReader(storage, layout);
        _options = options;
        _time = time;
    }

    /// <summary>
    /// The records as they stand now (the snapshot of the last build, if nothing has changed), and the time that it took but for reading
    /// records, which is never done twice.
    /// </summary>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task<(IndexSnapshot Snapshot, TimeSpan Effort)> BuildAsync(IndexProgress progress, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        (Dictionary<string, ListedRecord> listed, bool truncated) = await ListAsync(progress, cancellationToken);
        TimeSpan effort = _time.GetElapsedTime(start);

        foreach ((string name, IndexedRecord record) in _records)
        {
            if (!listed.TryGetValue(name, out ListedRecord standing) || standing.ETag != record.ETag)
            {
                _records.Remove(name);
                _changed = true;
            }
        }

        progress.AddRead(_records.Count);
        await ReadAsync(listed.Values.Where(record => !_records.ContainsKey(record.Name)).ToArray(), progress, cancellationToken);
        start = _time.GetTimestamp();
        if (_snapshot is null || _changed || _snapshot.Truncated != truncated)
        {
            _snapshot = new IndexSnapshot(
                _records.Values.Where(record => record.Entry is not null).Select(record => record.Entry!),
                truncated,
                _records.Values.Count(record => record.Entry is null));
            _changed = false;
        }

        return (_snapshot, effort + _time.GetElapsedTime(start));
    }

    /// <summary>The records that are to be in the index: those written last.</summary>
    private async Task<(Dictionary<string, ListedRecord> Records, bool Truncated)> ListAsync(IndexProgress progress, CancellationToken cancellationToken)
    {
        Dictionary<string, ListedRecord> listed = new(StringComparer.Ordinal);
        PriorityQueue<string, (DateTimeOffset, string)> oldestFirst = new(Comparer<(DateTimeOffset Time, string Name)>.Create(OldestFirst));
        bool truncated = false;
        try
        {
            await foreach (BlobItem blob in _results.GetBlobsAsync(new GetBlobsOptions(), cancellationToken))
            {
                if (!blob.Name.EndsWith(RecordSuffix, StringComparison.Ordinal) || ListedETag.Of(blob) is not { } etag)
                {
                    continue;
                }

                DateTimeOffset written = blob.Properties.LastModified ?? DateTimeOffset.MinValue;
                listed[blob.Name] = new ListedRecord(blob.Name, etag, written, blob.Properties.ContentLength ?? 0);
                oldestFirst.Enqueue(blob.Name, (written, blob.Name));
                if (listed.Count > _options.MaxPictures)
                {
                    listed.Remove(oldestFirst.Dequeue());
                    truncated = true;
                }
                else
                {
                    progress.AddFound();
                }
            }
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // Not made yet, or removed with all that was in it.
            return ([], false);
        }

        return (listed, truncated);
    }

    private async Task ReadAsync(IReadOnlyCollection<ListedRecord> wanted, IndexProgress progress, CancellationToken cancellationToken)
    {
        SharedValues shared = new();
        ConcurrentDictionary<string, IndexedRecord> read = new(StringComparer.Ordinal);
        try
        {
            ParallelOptions options = new() { MaxDegreeOfParallelism = _options.Parallelism, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(wanted, options, async (record, cancel) =>
            {
                if (await _reader.ReadAsync(record, shared, cancel) is { } indexed)
                {
                    read[record.Name] = indexed;
                }

                progress.AddRead(1);
            });
        }
        finally
        {
            foreach ((string name, IndexedRecord record) in read)
            {
                _records[name] = record;
                _changed = true;
            }
        }
    }

    // Of those written in the same second, the later names are taken for the older ones.
    private static int OldestFirst((DateTimeOffset Time, string Name) one, (DateTimeOffset Time, string Name) other)
    {
        int byTime = one.Time.CompareTo(other.Time);
        return byTime != 0 ? byTime : string.CompareOrdinal(other.Name, one.Name);
    }
}
