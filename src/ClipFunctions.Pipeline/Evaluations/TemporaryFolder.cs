namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>A folder of this process for a while; what a killed process leaves is below the system's temporary directory.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("clip-evaluation-").FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Files that somebody looks at; the system tidies up.
        }
    }
}
