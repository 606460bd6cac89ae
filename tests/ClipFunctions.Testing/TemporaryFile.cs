namespace ClipFunctions.Testing;

/// <summary>A file that is gone when the test is over.</summary>
public sealed class TemporaryFile : IDisposable
{
    /// <summary>Writes <paramref name="text"/> into a new file.</summary>
    public TemporaryFile(string text) => File.WriteAllText(Path, text);

    /// <summary>Writes <paramref name="content"/> into a new file with that ending.</summary>
    public TemporaryFile(byte[] content, string extension)
    {
        Path += extension;
        File.WriteAllBytes(Path, content);
    }

    /// <summary>Where it stands.</summary>
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

    /// <inheritdoc/>
    public void Dispose() => File.Delete(Path);
}
