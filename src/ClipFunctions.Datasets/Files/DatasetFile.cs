namespace ClipFunctions.Datasets.Files;

/// <summary>One version of a file.</summary>
/// <param name="Name">Its path below the data set's root, segments separated by <c>/</c>.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">What tells this version from others, quoted.</param>
public sealed record DatasetFile(string Name, long Size, string ETag);
