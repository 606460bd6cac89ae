using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Clip.Inference;

/// <summary>
/// One graph's entry in an <see cref="OptimizedGraphStore"/>: a folder with the optimised graph, its weights (mapped into memory when it
/// is loaded), and a list of both with sizes and hashes. It appears whole or not at all, and its files never change: a mapped file that
/// was cut would end the process.
/// </summary>
internal sealed class OptimizedGraph(OptimizedGraphStore store, string source, string folder)
{
    public const string ListName = "files.txt";

    private const string GraphName = "graph.onnx";
    private const string WeightsName = "graph.onnx.data";
    private const int BufferSize = 1 << 18;

    // Constants below this many bytes stay in the graph's own file.
    private const string SmallTensor = "1024";

    /// <summary>Opens the optimised graph; makes it first if it is not there or damaged.</summary>
    /// <param name="open">Makes a session from a file, with options of one's own.</param>
    /// <param name="origin">Whether it was there.</param>
    /// <param name="failure">What was wrong, if anything was.</param>
    /// <returns>The session, or null if there can be none: the graph is then to be loaded from its own file.</returns>
    public InferenceSession? Open(Func<string, Action<SessionOptions>, InferenceSession> open, out GraphOrigin origin, out string? failure)
    {
        failure = null;
        origin = GraphOrigin.OptimizedBefore;
        try
        {
            if (Directory.Exists(folder))
            {
                try
                {
                    return OpenStored(open);
                }
                catch (Exception exception) when (exception is OnnxRuntimeException or IOException or InvalidDataException or Bundles.InvalidBundleException)
                {
                    failure = $"The optimised graph in {folder} was damaged and is made anew: {exception.Message}";
                    Delete(folder);
                }
            }

            origin = GraphOrigin.OptimizedNow;
            Write(open);
            return OpenStored(open);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or IOException or InvalidDataException or UnauthorizedAccessException or Bundles.InvalidBundleException)
        {
            failure = $"No optimised graph could be kept in {folder}: {exception.Message}";
            return null;
        }
    }

    /// <summary>Removes an entry, its list first, so that nobody takes what remains for an entry. Faults are left to a later time.</summary>
    public static void Delete(string folder)
    {
        try
        {
            File.Delete(Path.Combine(folder, ListName));
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // In use (Windows keeps mapped files), or another process was quicker.
        }
    }

    private InferenceSession OpenStored(Func<string, Action<SessionOptions>, InferenceSession> open)
    {
        string list = Path.Combine(folder, ListName);
        (string Name, long Size, string Hash)[] files = ReadList(list);
        Check(files[0]);
        InferenceSession? session = null;
        Exception? openFault = null;
        Exception? checkFault = null;

        // The hash reads the same pages of the weights that the session maps.
        Parallel.Invoke(
            () =>
            {
                try
                {
                    session = open(Path.Combine(folder, GraphName), static options => options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL);
                }
                catch (Exception exception)
                {
                    openFault = exception;
                }
            },
            () =>
            {
                try
                {
                    Array.ForEach(files[1..], Check);
                }
                catch (Exception exception)
                {
                    checkFault = exception;
                }
            });
        if ((checkFault ?? openFault) is { } fault)
        {
            session?.Dispose();
            throw fault;
        }

        try
        {
            File.SetLastWriteTimeUtc(list, DateTime.UtcNow);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A directory that is only read from is as good.
        }

        return session!;
    }

    private void Write(Func<string, Action<SessionOptions>, InferenceSession> open)
    {
        string temporary = $"{folder}.{Environment.ProcessId}-{Guid.NewGuid():N}{OptimizedGraphStore.TemporarySuffix}";
        Directory.CreateDirectory(temporary);
        try
        {
            // Weights packed for the CPU ("session.save_external_prepacked_constant_initializers") would save more time, but a run of an int8
            // graph on such a file ended the process (ONNX Runtime 1.31.1, batch of two).
            open(source, options =>
            {
                options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
                options.OptimizedModelFilePath = Path.Combine(temporary, GraphName);
                options.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", WeightsName);
                options.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", SmallTensor);
            }).Dispose();
            NativeMemory.GiveBack();

            using (StreamWriter list = new(Path.Combine(temporary, ListName)))
            {
                foreach (string name in (string[])[GraphName, WeightsName])
                {
                    string path = Path.Combine(temporary, name);
                    if (File.Exists(path))
                    {
                        // On the disk before the list is, whatever happens to the machine.
                        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
                        file.Flush(flushToDisk: true);
                        list.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {file.Length} {Hash(file)}"));
                    }
                }

                list.Flush();
                ((FileStream)list.BaseStream).Flush(flushToDisk: true);
            }

            // Windows and Unix both refuse a folder that is there.
            if (!Directory.Exists(folder))
            {
                try
                {
                    Directory.Move(temporary, folder);
                }
                catch (IOException) when (Directory.Exists(folder))
                {
                    // Another process was quicker, with the same result.
                }
            }

            try
            {
                store.Trim(folder);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another process trims at the same time.
            }
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Delete(temporary);
            }
        }
    }

    private static (string Name, long Size, string Hash)[] ReadList(string path)
    {
        string[][] lines = [.. File.ReadAllLines(path).Select(line => line.Split(' '))];
        if (lines.Length is not (1 or 2) || lines[0][0] != GraphName || (lines.Length == 2 && lines[1][0] != WeightsName))
        {
            throw new InvalidDataException($"{path} is no list of a graph and its weights.");
        }

        return [.. lines.Select(line => line.Length == 3 && long.TryParse(line[1], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? (line[0], size, line[2])
            : throw new InvalidDataException($"{path} is no list of sizes and hashes."))];
    }

    private static string Hash(FileStream stream)
    {
        XxHash3 hash = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            hash.Append(buffer.AsSpan(0, read));
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return hash.GetCurrentHashAsUInt64().ToString("x16", CultureInfo.InvariantCulture);
    }

    private void Check((string Name, long Size, string Hash) file)
    {
        string path = Path.Combine(folder, file.Name);
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, FileOptions.SequentialScan);
        if (stream.Length != file.Size)
        {
            throw new InvalidDataException($"{path}: expected {file.Size} bytes, found {stream.Length}.");
        }

        string found = Hash(stream);
        if (found != file.Hash)
        {
            throw new InvalidDataException($"{path}: expected XXH3 {file.Hash}, found {found}.");
        }
    }
}
