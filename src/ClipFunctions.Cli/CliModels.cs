using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.Cli;

/// <summary>The models of a command: those that ship with it, those in the cache directory, those of the hub.</summary>
internal sealed class CliModels : IAsyncDisposable
{
    private readonly ModelCacheOptions _options;
    private readonly ModelCache _cache;

    public CliModels(ModelCacheOptions options)
    {
        _options = options;
        Local = [DirectoryModelSource.Embedded, new DirectoryModelSource("cache", options.CacheDirectory)];
        _cache = new ModelCache(Local, options, NullLogger<ModelCache>.Instance);
    }

    /// <summary>The places on this machine.</summary>
    public IReadOnlyList<IModelSource> Local { get; }

    /// <summary>Finds a model's bundle, fetched and converted if need be; a folder's path is that bundle.</summary>
    public async Task<ModelBundle> FindAsync(string model, Terminal terminal, CancellationToken cancellationToken)
    {
        if (IsFolder(model))
        {
            return ModelBundle.Open(model);
        }

        ModelRequest request = ModelRequest.Parse(model);
        return await ProgressDisplay.RunAsync(terminal, progress => _cache.FindBundleAsync(request, new Relay(progress), cancellationToken));
    }

    /// <summary>Loads a model.</summary>
    public async Task<ClipModel> OpenAsync(string model, Terminal terminal, CancellationToken cancellationToken)
        => await ClipModel.LoadAsync(await FindAsync(model, terminal, cancellationToken), _options.Model, cancellationToken);

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    // An id may have a slash; a path that is there, or that begins like one, is meant as such.
    private static bool IsFolder(string model)
        => model.StartsWith('.') || model.StartsWith('~') || Path.IsPathRooted(model) || File.Exists(Path.Combine(model, BundleManifest.FileName));

    private sealed class Relay(IProgress<(string Stage, string? Item, long Done, long Total)> display) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value) => display.Report((value.Stage, value.Item, value.BytesDone, value.BytesTotal));
    }
}
