namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>What the disk can hold, and how it says that it is full.</summary>
public static class DiskSpace
{
    // What is left to others.
    private const long Reserve = 1 << 20;

    /// <summary>Throws unless the disk of a folder has room for so many bytes more. Where the free space cannot be told, writing will.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="bytes">The bytes to come.</param>
    /// <param name="purpose">What they are for, as the subject of the error's sentence.</param>
    /// <exception cref="ModelDownloadException">It has not.</exception>
    public static void Require(string folder, long bytes, string purpose)
    {
        if (Available(folder) is { } available && bytes > available - Reserve)
        {
            throw new ModelDownloadException(
                DownloadFault.DiskFull,
                folder,
                $"{purpose} needs {bytes} bytes, {available} are free. Free some, or set Clip:CacheDirectory to a larger disk.")
            {
                Expected = $"{bytes}",
                Actual = $"{available}",
            };
        }
    }

    /// <summary>The error that a write to a full disk is.</summary>
    internal static ModelDownloadException Full(string folder, string purpose, Exception exception) => new(
        DownloadFault.DiskFull,
        folder,
        $"the disk is full: {purpose} could not be finished, and what it left has been deleted. Free some space, or set Clip:CacheDirectory to a larger disk.",
        exception);

    /// <summary>Whether a write failed because the disk, or the user's share of it, is full.</summary>
    internal static bool IsFull(Exception exception) => exception is IOException { HResult: var code } && (OperatingSystem.IsWindows()
        ? code is unchecked((int)0x80070070) or unchecked((int)0x80070027) // ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL
        : code is 28 or 69 or 122); // ENOSPC, and EDQUOT on macOS and on Linux

    private static long? Available(string folder)
    {
        try
        {
            string full = Path.GetFullPath(folder);
            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(full)! : full).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException)
        {
            // A network share, say.
            return null;
        }
    }
}
