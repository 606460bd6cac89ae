using ClipFunctions.Checkpoints.ReadyMade;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.Cli;

/// <summary>The models of a command: those that ship with it, those in the cache directory, those of the hub.</summary>
internal sealed class CliModels : IAsyncDisposable
{
    private readonly ModelCacheOptions _options;
    private readonly HubClient _hub;
    private readonly ModelCache _cache;

    public CliModels(ModelCacheOptions options)
    {
        _options = options;
        Catalog = ModelCatalog.Load(options.Catalog);
        Directories = [DirectoryModelSource.Embedded, new DirectoryModelSource("cache", options.CacheDirectory)];
        _hub = new HubClient(options.HubUrl, options.HubToken);
        HubModelSource hub = new(Catalog, options, _hub, new FileDownloader(_hub), null, NullLogger<HubModelSource>.Instance);
        _cache = new ModelCache([.. Directories, hub], options, NullLogger<ModelCache>.Instance);
    }

    /// <summary>The models that could be fetched.</summary>
    public ModelCatalog Catalog { get; }

    /// <summary>The places on this machine.</summary>
    public IReadOnlyList<DirectoryModelSource> Directories { get; }

    /// <summary>Finds a model's bundle, fetched and converted if need be; a folder's path is that bundle.</summary>
    public async Task<ModelBundle> FindAsync(string model, Terminal terminal, CancellationToken cancellationToken)
    {
        if (IsFolder(model))
        {
            return File.Exists(Path.Combine(model, BundleManifest.FileName)) || ReadyMadeOnnx.PrecisionsOf(model).Count == 0
                ? ModelBundle.Open(model)
                : await ReadyMadeOnnx.OpenAsync(model, null, _options.Precision, cancellationToken);
        }

        ModelRequest request = ModelRequest.Parse(model);
        try
        {
            return await ProgressDisplay.RunAsync(terminal, progress => _cache.FindBundleAsync(request, new Relay(progress), cancellationToken));
        }
        catch (ModelNotFoundException exception)
        {
            IReadOnlyList<string> near = Catalog.Suggest(request.Id);
            string suggestion = near.Count > 0 ? $" Did you mean {string.Join(" or ", near)}?" : "";
            throw new UnknownModelException($"There is no model '{request}'.{suggestion} 'clip models --all' lists those there are.", exception);
        }
    }

    /// <summary>Loads a model.</summary>
    public async Task<ClipModel> OpenAsync(string model, Terminal terminal, CancellationToken cancellationToken)
    {
        ModelBundle bundle = await FindAsync(model, terminal, cancellationToken);
        return await ClipModel.LoadAsync(bundle, _options.RunOptions(bundle), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _cache.DisposeAsync();
        _hub.Dispose();
    }

    // An id may have a slash; a path that is there, or that begins like one, is meant as such.
    private static bool IsFolder(string model)
        => model.StartsWith('.') || Path.IsPathRooted(model) || File.Exists(Path.Combine(model, BundleManifest.FileName));

    private sealed class Relay(IProgress<(string Stage, string? Item, long Done, long Total)> display) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => display.Report((value.Stage, value.Item, value.BytesDone, value.BytesTotal));
    }
}
