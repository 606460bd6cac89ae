namespace ClipFunctions.Datasets.Files;

/// <summary>The files of one data set, wherever they lie. Safe for use by several callers at once.</summary>
public interface IDatasetFiles
{
    /// <summary>What people call the place: a path, or container and prefix.</summary>
    string Origin { get; }

    /// <summary>
    /// The one file that the data set was named by (an archive or a manifest), below the root like all names; null if it was named by its
    /// folder.
    /// </summary>
    string? Entry { get; }

    /// <summary>All files whose names begin with <paramref name="prefix"/>, in any order.</summary>
    /// <param name="prefix">The beginning, compared ordinally; empty for all files.</param>
    /// <param name="cancellationToken">Stops the listing.</param>
    IAsyncEnumerable<DatasetFile> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Opens a part of one version of a file.</summary>
    /// <param name="file">The version, as listed.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many bytes; null for all that follow.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The bytes, read forward; where it can seek, positions count from <paramref name="offset"/>.</returns>
    /// <exception cref="DatasetFileChangedException">There is no such file, or it is another version.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie within the file.</exception>
    Task<Stream> OpenAsync(DatasetFile file, long offset, long? length, CancellationToken cancellationToken);
}
