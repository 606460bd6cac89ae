using System.Diagnostics;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.ModelCaching;

/// <summary>
/// Loads each model once and leases it to any number of users. A load that fails is not remembered: the next lease tries
/// again. A model that is unloaded is freed when its last lease is given back.
/// </summary>
public sealed partial class ModelCache : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<Entry> _retired = [];
    private readonly IReadOnlyList<IModelSource> _sources;
    private readonly ModelCacheOptions _options;
    private readonly ILogger<ModelCache> _logger;
    private readonly CancellationTokenSource _stop = new();
    private bool _disposed;

    /// <summary>Looks for models in the embedded ones, then in the cache directory.</summary>
    public ModelCache(ModelCacheOptions options, ILogger<ModelCache> logger)
        : this([DirectoryModelSource.Embedded, new DirectoryModelSource("cache", Valid(options).CacheDirectory)], options, logger)
    {
    }

    /// <summary>Looks for models in <paramref name="sources"/>, in their order.</summary>
    public ModelCache(IReadOnlyList<IModelSource> sources, ModelCacheOptions options, ILogger<ModelCache> logger)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(logger);
        _sources = sources;
        _options = options;
        _logger = logger;
    }

    /// <summary>The ids of all models that the sources hold (the reference's <c>clip.available_models</c>).</summary>
    public async Task<IReadOnlyList<string>> AvailableModelsAsync(CancellationToken cancellationToken)
    {
        List<string> ids = [];
        foreach (IModelSource source in _sources)
        {
            ids.AddRange(await source.ListAsync(cancellationToken));
        }

        return [.. ids.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The ids of the models in memory now.</summary>
    public IReadOnlyList<string> LoadedModels
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries.Where(entry => entry.Value.Loading.IsCompletedSuccessfully).Select(entry => entry.Key).Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>
    /// The right to use a model, loaded if it is not yet (the reference's <c>clip.load</c>). Users who ask while it is
    /// being loaded wait for the same load; one who stops waiting does not stop it for the others.
    /// </summary>
    /// <exception cref="ModelNotFoundException">No source holds it.</exception>
    /// <exception cref="InvalidBundleException">Its files are broken.</exception>
    public async Task<ModelLease> LeaseAsync(string modelId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelId);
        Entry? entry;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_entries.TryGetValue(modelId, out entry) || entry.HasFailed)
            {
                entry = new Entry(modelId);
                entry.Loading = Task.Run(() => LoadAsync(modelId, _stop.Token), _stop.Token);
                _entries[modelId] = entry;
            }

            entry.Leases++;
        }

        try
        {
            ClipModel model = await entry.Loading.WaitAsync(cancellationToken);
            return new ModelLease(model, () => Release(entry));
        }
        catch
        {
            if (entry.HasFailed)
            {
                Retire(entry);
            }

            Release(entry);
            throw;
        }
    }

    /// <summary>Takes a model out of the cache; it is freed when its last lease is given back. The next lease loads it anew.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Unload(string modelId)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelId);
        Entry? entry;
        lock (_lock)
        {
            if (!_entries.TryGetValue(modelId, out entry))
            {
                return false;
            }

            entry.Leases++;
        }

        Retire(entry);
        Release(entry);
        return true;
    }

    /// <summary>Stops loads, waits for all leases to be given back, and frees every model.</summary>
    public async ValueTask DisposeAsync()
    {
        Entry[] entries;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            foreach (Entry entry in _entries.Values)
            {
                entry.Leases++;
            }

            entries = [.. _entries.Values];
        }

        await _stop.CancelAsync();
        foreach (Entry entry in entries)
        {
            Retire(entry);
            Release(entry);
        }

        Task[] freed;
        lock (_lock)
        {
            freed = [.. _retired.Select(entry => entry.Freed.Task)];
        }

        await Task.WhenAll(freed);
        _stop.Dispose();
    }

    /// <summary>The bundle of a model, found, fetched or made, but not loaded.</summary>
    public async Task<ModelBundle> FindBundleAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        foreach (IModelSource source in _sources)
        {
            if (await source.FindAsync(request, progress, cancellationToken) is { } bundle)
            {
                return bundle;
            }
        }

        throw new ModelNotFoundException(request.Id, [.. _sources.Select(source => source.Name)], await AvailableModelsAsync(cancellationToken));
    }

    private static ModelCacheOptions Valid(ModelCacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options;
    }

    private async Task<ClipModel> LoadAsync(string modelId, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (IModelSource source in _sources)
        {
            if (await source.FindAsync(ModelRequest.Parse(modelId), null, cancellationToken) is { } bundle)
            {
                ClipModel model = await ClipModel.LoadAsync(bundle, _options.Model, cancellationToken);
                LogLoaded(modelId, source.Name, model.Device.ToString(), model.Fingerprint, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                return model;
            }
        }

        throw new ModelNotFoundException(modelId, [.. _sources.Select(source => source.Name)], await AvailableModelsAsync(cancellationToken));
    }

    private void Retire(Entry entry)
    {
        lock (_lock)
        {
            if (_retired.Add(entry) && _entries.TryGetValue(entry.ModelId, out Entry? current) && current == entry)
            {
                _entries.Remove(entry.ModelId);
            }
        }
    }

    private void Release(Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Leases > 0 || !_retired.Contains(entry))
            {
                return;
            }
        }

        // Nobody can take a new lease on a retired entry, so this comes once. A load still under way is waited for.
        _ = FreeAsync(entry);
    }

    private async Task FreeAsync(Entry entry)
    {
        try
        {
            (await entry.Loading).Dispose();
            LogFreed(entry.ModelId);
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

    [LoggerMessage(1, LogLevel.Information, "Loaded model {Model} from {Source} on {Device} (fingerprint {Fingerprint}) in {Milliseconds:F0} ms")]
    private partial void LogLoaded(string model, string source, string device, string fingerprint, double milliseconds);

    [LoggerMessage(2, LogLevel.Information, "Freed model {Model}")]
    private partial void LogFreed(string model);

    private sealed class Entry(string modelId)
    {
        public string ModelId { get; } = modelId;

        public Task<ClipModel> Loading { get; set; } = null!;

        public bool HasFailed => Loading.IsFaulted || Loading.IsCanceled;

        public int Leases { get; set; }

        public TaskCompletionSource Freed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
