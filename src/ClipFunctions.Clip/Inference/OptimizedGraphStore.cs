using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;

namespace ClipFunctions.Clip.Inference;

/// <summary>
/// A directory of ONNX Runtime's optimised graphs, <c>{environment}-{graph}/</c>. The environment is what the result of an optimisation
/// depends on besides the graph: version of ONNX Runtime, execution provider and device, processor architecture and, because some
/// operators and layouts are chosen for its vector units, the CPU's model and features.
/// </summary>
internal sealed class OptimizedGraphStore
{
    public const string TemporarySuffix = ".tmp";

    // Raised when session options change that a stored graph depends on.
    private const string Version = "1";

    private static readonly TimeSpan OwnLifetime = TimeSpan.FromDays(60);
    private static readonly TimeSpan ForeignLifetime = TimeSpan.FromDays(7);
    private static readonly TimeSpan TemporaryLifetime = TimeSpan.FromDays(1);

    private readonly string _directory;
    private readonly long _limit;
    private readonly string _environment;

    /// <summary>Uses a directory, which need not exist.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="limit">The bytes that it may take.</param>
    /// <param name="device">The device of the sessions.</param>
    public OptimizedGraphStore(string directory, long limit, ModelDevice device)
    {
        _directory = Path.GetFullPath(directory);
        _limit = limit;
        _environment = Hash($"{Version}\n{OnnxEnvironment.Instance.GetVersionString()}\n{device.Provider}\n{device.Name}\n{RuntimeInformation.OSArchitecture}\n{Processor()}")[..16];
    }

    /// <summary>The place of one graph; null if it would be too large.</summary>
    /// <param name="path">The graph's file.</param>
    /// <param name="hashes">The SHA-256 of it and of its external data.</param>
    /// <param name="estimate">The estimated bytes of its session.</param>
    public OptimizedGraph? Graph(string path, IReadOnlyList<string> hashes, long estimate)
        => estimate <= _limit
            ? new OptimizedGraph(this, path, Path.Combine(_directory, $"{_environment}-{Hash(string.Join('\n', hashes))[..32]}"))
            : null;

    /// <summary>Removes what is old, was left by a process that died, or is beyond the limit. Faults are left to the next time.</summary>
    /// <param name="keep">The entry that stays.</param>
    public void Trim(string keep)
    {
        DateTime now = DateTime.UtcNow;
        List<(DirectoryInfo Folder, DateTime Used, long Size)> entries = [];
        foreach (DirectoryInfo folder in new DirectoryInfo(_directory).EnumerateDirectories())
        {
            DateTime used = LastUse(folder);
            TimeSpan lifetime = folder.Name.EndsWith(TemporarySuffix, StringComparison.Ordinal)
                ? TemporaryLifetime
                : folder.Name.StartsWith(_environment, StringComparison.Ordinal) ? OwnLifetime : ForeignLifetime;
            if (folder.FullName != keep && now - used > lifetime)
            {
                OptimizedGraph.Delete(folder.FullName);
            }
            else
            {
                entries.Add((folder, used, Size(folder)));
            }
        }

        long total = entries.Sum(entry => entry.Size);
        foreach ((DirectoryInfo folder, _, long size) in entries.OrderBy(entry => entry.Used))
        {
            if (total <= _limit)
            {
                break;
            }

            if (folder.FullName != keep && !folder.Name.EndsWith(TemporarySuffix, StringComparison.Ordinal))
            {
                OptimizedGraph.Delete(folder.FullName);
                total -= size;
            }
        }
    }

    private static DateTime LastUse(DirectoryInfo folder)
    {
        FileInfo list = new(Path.Combine(folder.FullName, OptimizedGraph.ListName));
        return list.Exists ? list.LastWriteTimeUtc : folder.LastWriteTimeUtc;
    }

    private static long Size(DirectoryInfo folder)
    {
        try
        {
            return folder.EnumerateFiles().Sum(file => file.Length);
        }
        catch (IOException)
        {
            // Another process has just removed it.
            return 0;
        }
    }

    // Leaf 1 tells family, model and features, leaf 7 the later features. Of leaf 1, EBX differs from core to core.
    private static string Processor()
    {
        if (!X86Base.IsSupported)
        {
            return "";
        }

        (int model, _, int features, int moreFeatures) = X86Base.CpuId(1, 0);
        (_, int vectors, int moreVectors, int evenMore) = X86Base.CpuId(7, 0);
        (int latest, _, _, _) = X86Base.CpuId(7, 1);
        return string.Join(' ', ((int[])[model, features, moreFeatures, vectors, moreVectors, evenMore, latest]).Select(bits => bits.ToString("x8", CultureInfo.InvariantCulture)));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
