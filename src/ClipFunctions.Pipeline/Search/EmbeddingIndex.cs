using System.Diagnostics;
using System.Runtime.ExceptionServices;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Search;

/// <summary>
/// The records of all uploads with their vectors, in memory. It is built when it is first asked for, and looked at anew when it is asked for
/// again after a while: never by two at a time, and in the background, where a caller's answer would have to wait long for it. Safe to use
/// from many threads.
/// </summary>
public sealed partial class EmbeddingIndex : IAsyncDisposable
{
    /// <summary>The pause between two looks at the records is at least so many times the effort of the last one.</summary>
    private const int EffortsPerPause = 10;

    /// <summary>Where a look takes no more effort than this, callers wait for it.</summary>
    private static readonly TimeSpan SmallEffort = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ShortPatience = TimeSpan.FromMilliseconds(500);

    /// <summary>A snapshot older than this is worth waiting longer for: nobody has asked for a while.</summary>
    private static readonly TimeSpan StaleAge = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxFaultPause = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SearchOptions _options;
    private readonly IndexBuilder _builder;
    private readonly PipelineTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger<EmbeddingIndex> _logger;

    // Under the lock.
    private IndexSnapshot? _snapshot;
    private long _lookedAt;
    private TimeSpan _effort;
    private TimeSpan _pause;
    private long _pauseFrom;
    private int _faults;
    private Task<Exception?>? _refresh;
    private IndexProgress _progress = new();
    private bool _disposed;

    /// <summary>Works on the containers that <paramref name="layout"/> names; nothing is read yet.</summary>
    public EmbeddingIndex(
        StorageConnection storage,
        StorageLayout layout,
        IOptions<SearchOptions> options,
        PipelineTelemetry telemetry,
        TimeProvider time,
        ILogger<EmbeddingIndex> logger)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Value;
        _builder = new IndexBuilder(storage, layout, _options, time);
        _telemetry = telemetry;
        _time = time;
        _logger = logger;
    }

    /// <summary>
    /// The index as it stands: at most about <see cref="SearchOptions.MinRefreshInterval"/> old in a small store that is asked often, older
    /// in a large one, or while storage fails.
    /// </summary>
    /// <param name="cancellationToken">Stops the waiting, not the build.</param>
    /// <exception cref="IndexNotReadyException">The first build takes longer than <see cref="SearchOptions.FirstBuildPatience"/>; it goes on.</exception>
    /// <exception cref="Azure.RequestFailedException">Storage failed during the first build; so may others of the storage SDK's exceptions.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<IndexSnapshot> GetAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        IndexSnapshot? snapshot;
        Task<Exception?>? refresh;
        IndexProgress progress;
        TimeSpan patience;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_refresh is null && (_snapshot is null || _time.GetElapsedTime(_pauseFrom) >= _pause))
            {
                _progress = new IndexProgress();
                _refresh = StartRefresh(_progress);
            }

            (snapshot, refresh, progress) = (_snapshot, _refresh, _progress);
            patience = snapshot is null ? _options.FirstBuildPatience : Patience(_time.GetElapsedTime(_lookedAt));
        }

        if (refresh is null || (snapshot is not null && patience == TimeSpan.Zero))
        {
            return snapshot!;
        }

        Exception? fault = null;
        try
        {
            fault = await refresh.WaitAsync(patience, _time, cancellationToken);
        }
        catch (TimeoutException) when (snapshot is not null)
        {
            return snapshot;
        }
        catch (TimeoutException)
        {
            throw new IndexNotReadyException(progress.Read, progress.Found);
        }

        lock (_lock)
        {
            if (_snapshot is null)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                ExceptionDispatchInfo.Throw(fault!);
            }

            return _snapshot;
        }
    }

    /// <summary>Stops a build that is under way and waits until it has.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? refresh;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            refresh = _refresh;
        }

        await _stop.CancelAsync();
        if (refresh is not null)
        {
            await refresh;
        }

        _stop.Dispose();
    }

    private TimeSpan Patience(TimeSpan age)
    {
        if (_faults > 0)
        {
            return TimeSpan.Zero;
        }

        TimeSpan stale = 3 * _pause > StaleAge ? 3 * _pause : StaleAge;
        return age > stale ? LongPatience : _effort <= SmallEffort ? ShortPatience : TimeSpan.Zero;
    }

    private Task<Exception?> StartRefresh(IndexProgress progress)
    {
        // It outlives the request that happened to start it, and does not belong to its trace.
        using AsyncFlowControl flow = ExecutionContext.SuppressFlow();
        return Task.Run(() => RefreshAsync(progress));
    }

    /// <summary>Replaces the snapshot; gives what went wrong instead of throwing it, because often nobody waits for it.</summary>
    private async Task<Exception?> RefreshAsync(IndexProgress progress)
    {
        long start = _time.GetTimestamp();
        using Activity? activity = PipelineTelemetry.Activities.StartActivity("refresh index");
        try
        {
            (IndexSnapshot snapshot, TimeSpan effort) = await _builder.BuildAsync(progress, _stop.Token);
            TimeSpan duration = _time.GetElapsedTime(start);
            _telemetry.RecordIndex(duration, snapshot.Entries.Count);
            IndexSnapshot? earlier;
            lock (_lock)
            {
                earlier = _snapshot;
                _snapshot = snapshot;
                _lookedAt = start;
                _effort = effort;
                _pauseFrom = start;
                _pause = EffortsPerPause * effort > _options.MinRefreshInterval ? EffortsPerPause * effort : _options.MinRefreshInterval;
                _faults = 0;
                _refresh = null;
            }

            if (snapshot != earlier)
            {
                LogRefreshed(
                    earlier is null ? LogLevel.Information : LogLevel.Debug,
                    snapshot.Entries.Count,
                    snapshot.Skipped,
                    snapshot.Truncated,
                    duration.TotalMilliseconds);
            }

            return null;
        }
        catch (Exception exception)
        {
            int faults;
            bool stopped;
            lock (_lock)
            {
                stopped = _disposed;
                _pauseFrom = _time.GetTimestamp();
                _pause = TimeSpan.FromSeconds(Math.Min(MaxFaultPause.TotalSeconds, Math.Pow(2, _faults)));
                faults = ++_faults;
                _refresh = null;
            }

            if (!stopped)
            {
                activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
                _telemetry.RecordIndexFault(_time.GetElapsedTime(start), exception);
                LogFault(exception, progress.Read, progress.Found, faults);
            }

            return exception;
        }
    }

    [LoggerMessage(EventId = 1, Message = "Search index: {Pictures} pictures, {Skipped} unknown records, truncated {Truncated}, in {Milliseconds:F0} ms")]
    private partial void LogRefreshed(LogLevel level, int pictures, int skipped, bool truncated, double milliseconds);

    [LoggerMessage(2, LogLevel.Warning, "The search index could not be refreshed ({Read} of {Found} records read, {Faults} times in a row)")]
    private partial void LogFault(Exception exception, int read, int found, int faults);
}
