using System.Diagnostics;
using ClipFunctions.Checkpoints.Tests;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

/// <summary>A file system of a few megabytes in memory; where it cannot be mounted (only root on Linux can), the test is skipped.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SmallDisk()
    {
    }

    public string Path => _folder.Path;

    public long Free => new DriveInfo(Path).AvailableFreeSpace;

    public static SmallDisk Mount(long bytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a small disk to fill.");
        SmallDisk disk = new();
        if (Run("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", disk.Path) != 0)
        {
            disk._folder.Dispose();
            Assert.Skip("A small disk to fill cannot be mounted here.");
        }

        return disk;
    }

    public void Resize(long bytes) => Assert.Equal(0, Run("mount", "-o", $"remount,size={bytes}", Path));

    public void Dispose()
    {
        Assert.Equal(0, Run("umount", "-l", Path));
        _folder.Dispose();
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}
