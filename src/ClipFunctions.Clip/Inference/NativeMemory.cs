using System.Runtime.InteropServices;

namespace ClipFunctions.Clip.Inference;

/// <summary>Gives memory that native code has freed back to the system: glibc keeps much of it in its arenas (hundreds of megabytes after a session).</summary>
internal static partial class NativeMemory
{
    public static void GiveBack()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = Trim(0);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // Not glibc: the others give back by themselves.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Trim(nuint pad);
}
