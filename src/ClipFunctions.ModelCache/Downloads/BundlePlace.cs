using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>Where bundles are prepared within a cache directory, and how a finished one gets to its place.</summary>
public static class BundlePlace
{
    /// <summary>The folder, within a cache directory, of what is not finished.</summary>
    public const string StagingFolder = ".downloads";

    /// <summary>The folder where something is prepared.</summary>
    /// <param name="cacheDirectory">The cache directory.</param>
    /// <param name="name">The name of what is prepared: one folder name.</param>
    public static string Staging(string cacheDirectory, string name) => Path.Combine(cacheDirectory, StagingFolder, name);

    /// <summary>The file to hold, as a <see cref="CacheLock"/>, while working in that folder.</summary>
    /// <param name="cacheDirectory">The cache directory.</param>
    /// <param name="name">The name of what is prepared: one folder name.</param>
    public static string LockFile(string cacheDirectory, string name) => Path.Combine(cacheDirectory, StagingFolder, $"{name}.lock");

    /// <summary>Checks every file of a finished bundle and moves its folder to its place, which appears whole or not at all.</summary>
    /// <param name="prepared">The bundle's folder, on the same disk as its place.</param>
    /// <param name="destination">Its place, which must be free.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidBundleException">A file is not the one that the manifest lists.</exception>
    public static async Task<ModelBundle> MoveAsync(string prepared, string destination, CancellationToken cancellationToken)
    {
        await ModelBundle.Open(prepared).VerifyAsync(cancellationToken);
        Directory.Move(prepared, destination);
        return ModelBundle.Open(destination);
    }
}
