namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>
/// A file that one holder on this machine keeps open: others, in this process or another, wait. The operating system frees it when
/// its holder ends, however it ends. The empty file stays, because deleting it could let two holders in.
/// </summary>
public sealed class CacheLock : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly FileStream _file;

    private CacheLock(FileStream file) => _file = file;

    /// <summary>Waits until the lock is free, and takes it.</summary>
    /// <param name="path">The lock's file; it and its folder are made if need be.</param>
    /// <param name="item">What is locked, for the progress.</param>
    /// <param name="progress">Told <c>waiting</c> while somebody else holds it; null for nobody.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public static async Task<CacheLock> AcquireAsync(string path, string item, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        TimeSpan pause = FirstPause;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return new CacheLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1));
            }
            catch (IOException exception) when (IsHeld(exception))
            {
                progress?.Report(new ModelProgress("waiting", item, 0, 0));
                await Task.Delay(pause, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Lets the next one in.</summary>
    public void Dispose() => _file.Dispose();

    private static bool IsHeld(IOException exception) => OperatingSystem.IsWindows()
        ? exception.HResult is unchecked((int)0x80070020) or unchecked((int)0x80070021) // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
        : exception.HResult is 11 or 35; // EWOULDBLOCK on Linux and on macOS
}
