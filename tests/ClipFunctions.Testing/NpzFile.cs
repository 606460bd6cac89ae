using System.IO.Compression;

namespace ClipFunctions.Testing;

/// <summary>Reads NumPy's <c>.npz</c> files: ZIP archives of arrays by name.</summary>
public sealed class NpzFile : IDisposable
{
    private readonly ZipArchive _archive;
    private readonly Lock _lock = new();

    private NpzFile(ZipArchive archive) => _archive = archive;

    /// <summary>The arrays' names.</summary>
    public IEnumerable<string> Names => _archive.Entries.Select(e => e.FullName[..^".npy".Length]);

    /// <summary>Opens a file; arrays are read when asked for.</summary>
    public static NpzFile Open(string path) => new(ZipFile.OpenRead(path));

    /// <summary>Reads an array, from any thread.</summary>
    /// <exception cref="KeyNotFoundException">There is no array of that name.</exception>
    public NpyArray Read(string name)
    {
        lock (_lock)
        {
            ZipArchiveEntry entry = _archive.GetEntry(name + ".npy") ?? throw new KeyNotFoundException($"No array {name} in the file.");
            using Stream stream = entry.Open();
            using MemoryStream memory = new((int)entry.Length);
            stream.CopyTo(memory);
            return NpyFile.Parse(memory.GetBuffer().AsSpan(0, (int)memory.Length));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();
}
