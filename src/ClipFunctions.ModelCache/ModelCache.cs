using System.Diagnostics;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching;

/// <summary>
/// Finds each model once, loads it once, and leases it to any number of users, within a budget of memory. A search or load that fails is
/// not remembered: the next lease tries again. A model that is unloaded (by request, because memory is short, because nobody used it
/// for long, or because a run of it failed) is freed when its last lease is given back, and the next lease loads it anew.
/// </summary>
public sealed partial class ModelCache : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ModelRequest, BundleSearch> _searches = [];
    private readonly Dictionary<ModelRequest, Entry> _requests = [];
    private readonly Dictionary<(string Folder, string Fingerprint), Entry> _entries = [];
    private readonly HashSet<Entry> _retired = [];
    private readonly IReadOnlyList<IModelSource> _sources;
    private readonly ModelCacheOptions _options;
    private readonly long _budget;
    private readonly TimeSpan _idle;
    private readonly ILogger<ModelCache> _logger;
    private readonly TimeProvider _time;
    private readonly ITimer _idleTimer;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _decoders;
    private readonly HubClient? _hub;
    private bool _idleTimerIsSet;
    private bool _warnedOfBudget;
    private bool _disposed;

    /// <summary>Looks for models in the embedded ones, then in the cache directory.</summary>
    public ModelCache(ModelCacheOptions options, ILogger<ModelCache> logger)
        : this([DirectoryModelSource.Embedded, new DirectoryModelSource("cache", Valid(options).CacheDirectory)], options, logger)
    {
    }

    private ModelCache(IReadOnlyList<IModelSource> sources, ModelCacheOptions options, ILogger<ModelCache> logger, HubClient hub)
        : this(sources, options, logger, (TimeProvider?)null) => _hub = hub;

    /// <summary>Looks for models in <paramref name="sources"/>, in their order.</summary>
    /// <param name="sources">Where models may be found.</param>
    /// <param name="options">How many stay in memory, and how they are run.</param>
    /// <param name="logger">Told of loads, frees and faults.</param>
    /// <param name="timeProvider">The clock of idle unloading; the system's if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The budget or the idle time is negative or absurdly large.</exception>
    public ModelCache(IReadOnlyList<IModelSource> sources, ModelCacheOptions options, ILogger<ModelCache> logger, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MemoryBudgetMB);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MemoryBudgetMB, long.MaxValue >> 20);
        ArgumentOutOfRangeException.ThrowIfNegative(options.IdleMinutes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.IdleMinutes, TimeSpan.FromDays(45).TotalMinutes);
        _sources = sources;
        _options = options;
        _budget = options.MemoryBudgetMB << 20;
        _idle = TimeSpan.FromMinutes(options.IdleMinutes);
        _logger = logger;
        _time = timeProvider ?? TimeProvider.System;
        _decoders = new SemaphoreSlim(options.Batching.Decoders);
        _idleTimer = _time.CreateTimer(_ => UnloadIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// For a program of its own: looks for models beside it, in the cache directory, then in the catalogue, whose checkpoints are fetched from the
    /// hub, converted and kept in the cache directory (the reference's <c>clip.load</c>). Nothing is fetched before such a model is asked for.
    /// </summary>
    /// <param name="options">Where models are kept, and how they are run; the stated defaults if null.</param>
    /// <param name="loggers">Told of downloads, loads and faults; nobody if null.</param>
    /// <exception cref="InvalidCatalogException">The catalogue that the options name is none.</exception>
    /// <exception cref="ArgumentException">The hub's address or token is none.</exception>
    public static ModelCache Open(ModelCacheOptions? options = null, ILoggerFactory? loggers = null)
    {
        options ??= new ModelCacheOptions();
        loggers ??= NullLoggerFactory.Instance;
        ModelCatalog catalog = ModelCatalog.Load(options.Catalog);
        HubClient hub = new(options.HubUrl, options.HubToken, null, loggers.CreateLogger<HubClient>());
        FileDownloader downloader = new(hub, null, loggers.CreateLogger<FileDownloader>());
        HubModelSource source = new(catalog, options, hub, downloader, null, loggers.CreateLogger<HubModelSource>());
        return new ModelCache(
            [DirectoryModelSource.Embedded, new DirectoryModelSource("cache", options.CacheDirectory), source],
            options,
            loggers.CreateLogger<ModelCache>(),
            hub);
    }

    /// <summary>The models in memory now, in the order of their ids.</summary>
    public IReadOnlyList<LoadedModel> LoadedModels
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries.Values.Where(entry => entry.Loading.IsCompletedSuccessfully).Select(entry => entry.Status()).OrderBy(model => model.Id, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The ids of all models that the sources hold (the reference's <c>clip.available_models</c>).</summary>
    public async Task<IReadOnlyList<string>> AvailableModelsAsync(CancellationToken cancellationToken = default) =>
        [.. (await ListAsync(cancellationToken)).Select(model => model.Id).Distinct(StringComparer.Ordinal)];

    /// <summary>All models that the sources hold, in the order in which they are asked.</summary>
    public async Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken)
    {
        List<ModelListing> models = [];
        foreach (IModelSource source in _sources)
        {
            models.AddRange(await source.ListAsync(cancellationToken));
        }

        return models;
    }

    /// <summary>Whether a model can be leased without fetching it from the hub.</summary>
    /// <param name="request">Which model, by its id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<bool> IsAtHandAsync(ModelRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ModelRequest wanted = WithPrecision(request);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_requests.ContainsKey(wanted))
            {
                return true;
            }
        }

        return (await ListAsync(cancellationToken)).Any(model =>
            !model.MustBeFetched
            && model.Id == wanted.Id
            && (wanted.Precision is null || model.Precision is null || model.Precision == wanted.Precision));
    }

    /// <summary>Finds a model without loading it; whatever download or conversion that takes is done.</summary>
    /// <param name="request">Which model; without a precision, <see cref="ModelCacheOptions.Precision"/> counts.</param>
    /// <param name="progress">Told of downloads and conversions; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; the search itself stops when nobody else waits for it.</param>
    /// <exception cref="ModelNotFoundException">No source holds it.</exception>
    /// <exception cref="InvalidBundleException">Its files are broken.</exception>
    /// <exception cref="TimeoutException">A source took longer than it allows itself.</exception>
    public Task<ModelBundle> FindBundleAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return SearchAsync(WithPrecision(request), progress, static bundle => bundle, cancellationToken);
    }

    /// <summary>As <see cref="LeaseAsync(ModelRequest, CancellationToken)"/>.</summary>
    /// <param name="model">The text form of a request: <c>id</c> or <c>id:precision</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FormatException">It is no such text.</exception>
    public Task<ModelLease> LeaseAsync(string model, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        return LeaseAsync(ModelRequest.Parse(model), cancellationToken);
    }

    /// <summary>
    /// The right to use a model, loaded if it is not yet (the reference's <c>clip.load</c>). Users who ask while it is
    /// being loaded wait for the same load; one who stops waiting does not stop it for the others.
    /// </summary>
    /// <param name="request">Which model; without a precision, <see cref="ModelCacheOptions.Precision"/> counts.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ModelNotFoundException">No source holds it.</exception>
    /// <exception cref="InvalidBundleException">Its files are broken.</exception>
    /// <exception cref="TimeoutException">A source took longer than it allows itself.</exception>
    public Task<ModelLease> LeaseAsync(ModelRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return LeaseAsync(WithPrecision(request), null, cancellationToken);
    }

    /// <summary>Loads the models of <see cref="ModelCacheOptions.Preload"/> one after another and runs both towers of each once.</summary>
    /// <remarks>They are then as any other: they leave when memory is short or nobody uses them for long.</remarks>
    /// <param name="progress">Told of downloads and conversions; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ModelPreloadException">One cannot be found, loaded or run.</exception>
    public async Task PreloadAsync(IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        foreach (string model in _options.Preload)
        {
            try
            {
                using ModelLease lease = await LeaseAsync(WithPrecision(ModelRequest.Parse(model)), progress, cancellationToken);
                await lease.Model.WarmUpAsync(ModelTowers.Both, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                throw new ModelPreloadException(model, exception);
            }
        }
    }

    /// <summary>Takes a model out of the cache; it is freed when its last lease is given back. The next lease loads it anew.</summary>
    /// <param name="model">What it was leased as, or its id, with <c>:precision</c> or (all of them) without.</param>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="FormatException">It is no such text.</exception>
    public bool Unload(string model)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        ModelRequest request = ModelRequest.Parse(model);
        Entry[] entries;
        List<Entry> free;
        lock (_lock)
        {
            entries = [.. _entries.Values.Where(entry => entry.Answers(request))];
            free = Retire(entries);
        }

        Free(free);
        return entries.Length > 0;
    }

    /// <summary>Stops searches and loads, waits for all leases to be given back, and frees every model.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] searches;
        Task[] freed;
        List<Entry> free;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            searches = [.. _searches.Values.Select(search => search.Task)];
            free = Retire([.. _entries.Values]);
            freed = [.. _retired.Select(entry => entry.Freed.Task)];
        }

        await _stop.CancelAsync();
        await _idleTimer.DisposeAsync();
        Free(free);
        await Task.WhenAll(freed);
        await Task.WhenAll(searches).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _stop.Dispose();
        _decoders.Dispose();
        _hub?.Dispose();
    }

    private static ModelCacheOptions Valid(ModelCacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options;
    }

    private ModelRequest WithPrecision(ModelRequest request) => request.Precision is null ? request with { Precision = _options.Precision } : request;

    private async Task<ModelLease> LeaseAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Entry? entry;
        List<Entry> free = [];
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_requests.TryGetValue(request, out entry))
            {
                if (entry.IsUnusable)
                {
                    free = Retire([entry]);
                    entry = null;
                }
                else
                {
                    Take(entry);
                }
            }
        }

        Free(free);
        entry ??= await SearchAsync(request, progress, bundle => TakeLoaded(request, bundle), cancellationToken);
        try
        {
            ClipModel model = await entry.Loading.WaitAsync(cancellationToken);
            return new ModelLease(model, entry.Encoder!, () => Release(entry));
        }
        catch (Exception exception)
        {
            Release(entry);
            if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new ObjectDisposedException(nameof(ModelCache), exception);
            }

            throw;
        }
    }

    // What is made of the bundle is made while the search still stands: whoever comes meanwhile starts no other.
    private async Task<T> SearchAsync<T>(ModelRequest request, IProgress<ModelProgress>? progress, Func<ModelBundle, T> then, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BundleSearch? search;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_searches.TryGetValue(request, out search) || search.IsLost)
            {
                BundleSearch started = new(_stop.Token);
                started.Task = Task.Run(() => FindAsync(request, started, started.Cancellation.Token), started.Cancellation.Token);
                _searches[request] = search = started;
            }

            search.Waiters++;
            if (progress is not null)
            {
                search.Add(progress);
            }
        }

        try
        {
            return then(await search.Task.WaitAsync(cancellationToken));
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Clients of storage and of the hub end what takes too long as if it had been cancelled.
            throw _stop.IsCancellationRequested
                ? new ObjectDisposedException(nameof(ModelCache), exception)
                : new TimeoutException($"The search for the model '{request}' was given up by one of its sources: {exception.Message}", exception);
        }
        finally
        {
            Leave(request, search, progress);
        }
    }

    private void Leave(ModelRequest request, BundleSearch search, IProgress<ModelProgress>? progress)
    {
        lock (_lock)
        {
            if (progress is not null)
            {
                search.Remove(progress);
            }

            if (--search.Waiters > 0)
            {
                return;
            }

            if (_searches.TryGetValue(request, out BundleSearch? current) && current == search)
            {
                _searches.Remove(request);
            }
        }

        // Nobody can join any more.
        search.Cancellation.Cancel();
        search.Cancellation.Dispose();
    }

    private async Task<ModelBundle> FindAsync(ModelRequest request, IProgress<ModelProgress> progress, CancellationToken cancellationToken)
    {
        foreach (IModelSource source in _sources)
        {
            if (await source.FindAsync(request, progress, cancellationToken) is { } bundle)
            {
                LogFound(request.ToString(), source.Name, bundle.Folder);
                return bundle;
            }
        }

        throw new ModelNotFoundException(request.ToString(), [.. _sources.Select(source => source.Name)], await AvailableModelsAsync(cancellationToken));
    }

    private Entry TakeLoaded(ModelRequest request, ModelBundle bundle)
    {
        Entry? entry;
        List<Entry> free = [];
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);

            // The folder counts too: bundles of one fingerprint may differ in id and labels.
            (string, string) key = (bundle.Folder, bundle.Fingerprint);
            if (_entries.TryGetValue(key, out entry) && entry.IsUnusable)
            {
                free = Retire([entry]);
                entry = null;
            }

            if (entry is null)
            {
                Entry made = new(bundle);
                made.Loading = Task.Run(() => LoadAsync(made, _stop.Token), _stop.Token);
                _entries[key] = entry = made;
            }

            if (_requests.TryAdd(request, entry))
            {
                entry.Requests.Add(request);
            }

            Take(entry);
        }

        Free(free);
        return entry;
    }

    private async Task<ClipModel> LoadAsync(Entry entry, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        ClipModel model = await ClipModel.LoadAsync(entry.Bundle, _options.RunOptions(entry.Bundle) with { Preload = ModelTowers.None }, cancellationToken);
        try
        {
            // Listened to before the first tower is loaded, so that room is made for it.
            entry.Model = model;
            entry.Encoder = new ModelEncoder(model, _options.Batching, _options.Model.MaxTextTokens, _decoders, _time);
            model.TowerLoading += (_, _) => MakeRoom();
            model.TowerLoaded += (_, load) => LogTower(entry, load);
            model.BatchReduced += (_, reduced) => LogReduced(reduced.Tower, entry.Bundle.Id, reduced.Rows, reduced.Most);
            model.Load(_options.Model.Preload, cancellationToken);
            LogLoaded(entry.Bundle.Id, model.Device.ToString(), model.Fingerprint, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    // All below that change entries are called with the lock held; what they return is freed without it.
    private void Take(Entry entry)
    {
        entry.Leases++;
        entry.LastUse = _time.GetTimestamp();
        entry.LastUseTime = _time.GetUtcNow();
    }

    private void Release(Entry entry)
    {
        List<Entry> free = [];
        lock (_lock)
        {
            entry.Leases--;
            entry.LastUse = _time.GetTimestamp();
            entry.LastUseTime = _time.GetUtcNow();
            if (entry.IsRetired)
            {
                if (entry.Leases == 0)
                {
                    free.Add(entry);
                }
            }
            else if (entry.IsUnusable)
            {
                free = Retire([entry]);
            }

            if (entry.Leases == 0)
            {
                free.AddRange(Evict());
                SetIdleTimer();
            }
        }

        Free(free);
    }

    private List<Entry> Retire(IReadOnlyList<Entry> entries)
    {
        List<Entry> free = [];
        foreach (Entry entry in entries)
        {
            if (entry.IsRetired)
            {
                continue;
            }

            entry.IsRetired = true;
            _retired.Add(entry);
            if (entry.Model is { IsFaulted: true })
            {
                LogFaulted(entry.Bundle.Id);
            }

            _entries.Remove((entry.Bundle.Folder, entry.Bundle.Fingerprint));
            entry.Requests.ForEach(request => _requests.Remove(request));
            if (entry.Leases == 0)
            {
                free.Add(entry);
            }
        }

        return free;
    }

    private void MakeRoom()
    {
        List<Entry> free;
        lock (_lock)
        {
            free = Evict();
        }

        Free(free);
    }

    private List<Entry> Evict()
    {
        List<Entry> free = [];
        if (_budget == 0)
        {
            return free;
        }

        // Retired models count as long as somebody uses them.
        long total = _entries.Values.Sum(entry => entry.Bytes) + _retired.Where(entry => entry.Leases > 0).Sum(entry => entry.Bytes);
        if (total > _budget)
        {
            foreach (Entry entry in _entries.Values.Where(entry => entry.Leases == 0 && entry.Bytes > 0).OrderBy(entry => entry.LastUse).ToArray())
            {
                // The only model there is stays, however large: loading it anew for each lease would help nobody.
                if (_entries.Values.Count(other => other.Bytes > 0) == 1)
                {
                    break;
                }

                long bytes = entry.Bytes;
                LogEvicted(entry.Bundle.Id, bytes >> 20, total >> 20, _options.MemoryBudgetMB);
                free.AddRange(Retire([entry]));
                total -= bytes;
                if (total <= _budget)
                {
                    break;
                }
            }
        }

        if (total > _budget && !_warnedOfBudget)
        {
            _warnedOfBudget = true;
            LogOverBudget(total >> 20, _options.MemoryBudgetMB);
        }

        return free;
    }

    private void UnloadIdle()
    {
        List<Entry> free;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _idleTimerIsSet = false;
            Entry[] idle = [.. _entries.Values.Where(entry => entry.Leases == 0 && _time.GetElapsedTime(entry.LastUse) >= _idle)];
            Array.ForEach(idle, entry => LogIdle(entry.Bundle.Id, _options.IdleMinutes));
            free = Retire(idle);
            SetIdleTimer();
        }

        Free(free);
    }

    private void SetIdleTimer()
    {
        if (_idle == TimeSpan.Zero || _idleTimerIsSet || _disposed)
        {
            return;
        }

        TimeSpan? longest = _entries.Values.Where(entry => entry.Leases == 0).Select(entry => (TimeSpan?)_time.GetElapsedTime(entry.LastUse)).Max();
        if (longest is { } elapsed)
        {
            // A little late rather than a little early, which would be a second time.
            TimeSpan due = _idle - elapsed + TimeSpan.FromMilliseconds(1);
            _idleTimerIsSet = _idleTimer.Change(due > TimeSpan.Zero ? due : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    // Each entry comes here once: when it is retired without leases, or with its last one. A load still under way is waited for.
    private void Free(List<Entry> entries)
    {
        foreach (Entry entry in entries)
        {
            _ = FreeAsync(entry);
        }
    }

    private async Task FreeAsync(Entry entry)
    {
        try
        {
            (await entry.Loading).Dispose();
            LogFreed(entry.Bundle.Id);
        }
        catch (Exception) when (!entry.Loading.IsCompletedSuccessfully)
        {
            // The load itself failed: whoever asked has been told, and there is nothing to free.
        }
        finally
        {
            lock (_lock)
            {
                _retired.Remove(entry);
            }

            entry.Freed.SetResult();
        }
    }

    private void LogTower(Entry entry, TowerLoadEventArgs load)
    {
        if (load.OptimizedGraphFailure is { } failure)
        {
            LogOptimizedGraph(entry.Bundle.Id, failure);
        }

        LogTower(load.Tower, entry.Bundle.Id, load.Bytes >> 20, load.Duration.TotalMilliseconds, load.Origin);
    }

    [LoggerMessage(1, LogLevel.Information, "Loaded model {Model} on {Device} (fingerprint {Fingerprint}) in {Milliseconds:F0} ms")]
    private partial void LogLoaded(string model, string device, string fingerprint, double milliseconds);

    [LoggerMessage(2, LogLevel.Information, "Freed model {Model}")]
    private partial void LogFreed(string model);

    [LoggerMessage(3, LogLevel.Information, "Found model {Model} in {Source}: {Folder}")]
    private partial void LogFound(string model, string source, string folder);

    [LoggerMessage(4, LogLevel.Information, "Loaded tower {Tower} of {Model} ({MB} MB) in {Milliseconds:F0} ms; graph: {Origin}")]
    private partial void LogTower(ModelTowers tower, string model, long mb, double milliseconds, GraphOrigin origin);

    [LoggerMessage(5, LogLevel.Warning, "Model {Model}: {Failure}")]
    private partial void LogOptimizedGraph(string model, string failure);

    [LoggerMessage(6, LogLevel.Information, "Unloading model {Model} ({MB} MB): the models take {TotalMB} MB, the budget is {BudgetMB} MB")]
    private partial void LogEvicted(string model, long mb, long totalMB, long budgetMB);

    [LoggerMessage(7, LogLevel.Warning, "The models in use take {TotalMB} MB, more than the budget of {BudgetMB} MB. They leave when they are given back, and are loaded again for the next lease: raise Clip:MemoryBudgetMB. (Told once.)")]
    private partial void LogOverBudget(long totalMB, long budgetMB);

    [LoggerMessage(8, LogLevel.Information, "Unloading model {Model}: nobody has used it for {Minutes} minutes")]
    private partial void LogIdle(string model, double minutes);

    [LoggerMessage(9, LogLevel.Error, "A run of model {Model} failed within ONNX Runtime: its users finish, the next lease loads it anew")]
    private partial void LogFaulted(string model);

    [LoggerMessage(10, LogLevel.Warning, "Tower {Tower} of {Model} ran out of memory with {Rows} at once; it takes at most {Most} of that length from now on")]
    private partial void LogReduced(ModelTowers tower, string model, int rows, int most);

    private sealed class Entry(ModelBundle bundle)
    {
        private volatile ClipModel? _model;

        public ModelBundle Bundle { get; } = bundle;

        public Task<ClipModel> Loading { get; set; } = null!;

        /// <summary>The model from the moment that its towers may be loaded.</summary>
        public ClipModel? Model
        {
            get => _model;
            set => _model = value;
        }

        public ModelEncoder? Encoder { get; set; }

        public long Bytes => _model?.MemoryBytes ?? 0;

        public bool IsUnusable => Loading.IsFaulted || Loading.IsCanceled || _model is { IsFaulted: true };

        /// <summary>What it was asked for as.</summary>
        public List<ModelRequest> Requests { get; } = [];

        public bool IsRetired { get; set; }

        public int Leases { get; set; }

        public long LastUse { get; set; }

        public DateTimeOffset LastUseTime { get; set; }

        public TaskCompletionSource Freed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Answers(ModelRequest request)
            => (request.Precision is null || request.Precision == Bundle.Manifest.Precision)
                && (Bundle.Id == request.Id || Requests.Exists(asked => asked.Id == request.Id));

        public LoadedModel Status() => new()
        {
            Id = Bundle.Id,
            Precision = Bundle.Manifest.Precision,
            Fingerprint = Bundle.Fingerprint,
            Device = _model!.Device,
            Towers = _model!.LoadedTowers,
            Bytes = Bytes,
            Leases = Leases,
            LastUse = LastUseTime,
        };
    }
}
