using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching.Batching;

namespace ClipFunctions.ModelCaching;

/// <summary>Where models are kept and come from, how many stay in memory, and how they are run.</summary>
public sealed record ModelCacheOptions
{
    /// <summary>The hub's own address.</summary>
    public static Uri DefaultHubUrl { get; } = new("https://huggingface.co/");

    /// <summary>
    /// The directory of bundles on this machine. Default: <c>clipfunctions/models</c> in the user's cache folder
    /// (<c>XDG_CACHE_HOME</c>, or <c>~/.cache</c>, or the local application data on Windows).
    /// </summary>
    public string CacheDirectory { get; init; } = DefaultCacheDirectory();

    /// <summary>How models are run: device, threads, limits.</summary>
    public ClipModelOptions Model { get; init; } = new();

    /// <summary>How the work of many callers is put together into batches.</summary>
    public BatchingOptions Batching { get; init; } = new();

    /// <summary>The precision of models that are asked for without one; null (default) for whichever there is, fp32 where it must be made.</summary>
    public ModelPrecision? Precision { get; init; }

    /// <summary>
    /// Mebibytes that the loaded models may take together, by <see cref="ClipModel.MemoryBytes"/>; 0 (default) for no limit. Models that nobody
    /// leases leave in the order of their last use; leased ones stay even beyond the limit, until they are given back.
    /// </summary>
    public long MemoryBudgetMB { get; init; }

    /// <summary>Minutes after which a model that nobody uses is unloaded; 0 (default) for never.</summary>
    public double IdleMinutes { get; init; }

    /// <summary>
    /// Whether ONNX Runtime's optimised graphs are kept in <c>{CacheDirectory}/.optimized</c>, unless <see cref="Model"/> names another
    /// directory (<see cref="ClipModelOptions.OptimizedGraphDirectory"/>). Null (default): those of models whose weights lie in 16 bits, the
    /// only ones that load more quickly so.
    /// </summary>
    public bool? CacheOptimizedGraphs { get; init; }

    /// <summary>Models to load and run once at start, in the text form of <see cref="ModelRequest"/>; none by default.</summary>
    public IReadOnlyList<string> Preload { get; init; } = [];

    /// <summary>Whether the network may not be used: a model that is not on this machine (or in its storage account) is then an error. False by default.</summary>
    public bool Offline { get; init; }

    /// <summary>The hub's address, for mirrors; Hugging Face's own by default.</summary>
    public Uri HubUrl { get; init; } = DefaultHubUrl;

    /// <summary>The hub's access token, sent to <see cref="HubUrl"/> alone; none by default.</summary>
    public string? HubToken { get; init; }

    /// <summary>A JSON file that adds entries to the catalogue or replaces some; none by default.</summary>
    public string? Catalog { get; init; }

    /// <summary>Licences that are agreed to, by the catalogue's names of them; those that ask for it are refused otherwise. None by default.</summary>
    public IReadOnlyList<string> AcceptedLicences { get; init; } = [];

    /// <summary>Whether downloaded checkpoints stay after conversion; false by default.</summary>
    public bool KeepCheckpoints { get; init; }

    /// <summary><see cref="Model"/>, with the place of the optimised graphs where a bundle's are kept.</summary>
    /// <param name="bundle">The bundle to be run.</param>
    public ClipModelOptions RunOptions(ModelBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        bool kept = CacheOptimizedGraphs ?? bundle.Manifest.Weights is WeightStorage.Fp16 or WeightStorage.Fp16WhereExact;
        return kept && Model.OptimizedGraphDirectory is null ? Model with { OptimizedGraphDirectory = Path.Combine(CacheDirectory, ".optimized") } : Model;
    }

    private static string DefaultCacheDirectory()
    {
        string root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "clipfunctions", "models");
    }
}
