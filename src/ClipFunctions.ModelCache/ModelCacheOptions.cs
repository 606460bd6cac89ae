using ClipFunctions.Clip.Inference;

namespace ClipFunctions.ModelCaching;

/// <summary>Where models are kept and how they are run.</summary>
public sealed record ModelCacheOptions
{
    /// <summary>
    /// The directory of bundles on this machine. Default: <c>clipfunctions/models</c> in the user's cache folder
    /// (<c>XDG_CACHE_HOME</c>, or <c>~/.cache</c>, or the local application data on Windows).
    /// </summary>
    public string CacheDirectory { get; init; } = DefaultCacheDirectory();

    /// <summary>How models are run: device, threads, limits.</summary>
    public ClipModelOptions Model { get; init; } = new();

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
