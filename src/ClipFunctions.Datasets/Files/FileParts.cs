namespace ClipFunctions.Datasets.Files;

/// <summary>What every <see cref="IDatasetFiles"/> checks before it opens a part of a file.</summary>
public static class FileParts
{
    /// <summary>The length of a part.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">The part's first byte.</param>
    /// <param name="length">Its length; null for all that follows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie within the file.</exception>
    public static long LengthOf(DatasetFile file, long offset, long? length)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, file.Size);
        long part = length ?? file.Size - offset;
        ArgumentOutOfRangeException.ThrowIfNegative(part, nameof(length));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(part, file.Size - offset, nameof(length));
        return part;
    }
}
