namespace ClipFunctions.Datasets.Archives;

/// <summary>An archive cannot be read any further.</summary>
internal sealed class BrokenArchiveException(bool isTruncated, string problem, Exception? innerException = null) : Exception(problem, innerException)
{
    /// <summary>Whether it merely ends too early.</summary>
    public bool IsTruncated { get; } = isTruncated;
}
