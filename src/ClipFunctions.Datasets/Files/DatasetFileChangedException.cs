namespace ClipFunctions.Datasets.Files;

/// <summary>A file is gone, or is not the version any more that was asked for.</summary>
/// <param name="name">The file.</param>
/// <param name="innerException">What storage said.</param>
public sealed class DatasetFileChangedException(string name, Exception? innerException = null)
    : IOException($"'{name}' has been changed or removed since the data set was listed.", innerException)
{
    /// <summary>The file.</summary>
    public string FileName { get; } = name;
}
