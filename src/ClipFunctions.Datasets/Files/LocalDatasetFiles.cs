using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace ClipFunctions.Datasets.Files;

/// <summary>
/// A data set on disk: a folder, or one archive or manifest in its folder. A file's ETag is made of its length and its time of change. Links to
/// files are followed, and links to folders unless they lead on to others.
/// </summary>
public sealed class LocalDatasetFiles : IDatasetFiles
{
    private readonly string _root;

    private LocalDatasetFiles(string origin, string root, string? entry)
    {
        Origin = origin;
        _root = root;
        Entry = entry;
    }

    /// <inheritdoc/>
    public string Origin { get; }

    /// <inheritdoc/>
    public string? Entry { get; }

    /// <summary>Opens a data set.</summary>
    /// <param name="path">A folder, an archive, or a manifest.</param>
    /// <exception cref="InvalidDatasetException">There is nothing at that path.</exception>
    public static LocalDatasetFiles Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(full))
        {
            return new LocalDatasetFiles(path, full, null);
        }

        return File.Exists(full)
            ? new LocalDatasetFiles(path, Path.GetDirectoryName(full)!, Path.GetFileName(full))
            : throw new InvalidDatasetException(path, "there is no such folder or file.");
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<DatasetFile> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        await Task.CompletedTask;
        Stack<(DirectoryInfo Folder, string Name, bool Linked)> open = [];
        string folder = prefix[..(prefix.LastIndexOf('/') + 1)];
        if (FullPath(folder) is { } start && Directory.Exists(start))
        {
            open.Push((new DirectoryInfo(start), folder, false));
        }

        while (open.TryPop(out (DirectoryInfo Folder, string Name, bool Linked) current))
        {
            foreach (FileSystemInfo info in current.Folder.EnumerateFileSystemInfos())
            {
                cancellationToken.ThrowIfCancellationRequested();
                string name = current.Name + info.Name;
                bool isLink = info.LinkTarget is not null;
                FileSystemInfo? target = isLink ? Target(info) : info;
                if (target is DirectoryInfo inner)
                {
                    string innerName = name + "/";
                    bool fits = innerName.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(innerName, StringComparison.Ordinal);
                    if (fits && !(isLink && current.Linked))
                    {
                        open.Push((inner, innerName, current.Linked || isLink));
                    }
                }
                else if (target is FileInfo { Exists: true } file && name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    yield return new DatasetFile(name, file.Length, ETag(file.Length, file.LastWriteTimeUtc));
                }
            }
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(DatasetFile file, long offset, long? length, CancellationToken cancellationToken)
    {
        long part = FileParts.LengthOf(file, offset, length);
        cancellationToken.ThrowIfCancellationRequested();
        string path = FullPath(file.Name) ?? throw new DatasetFileChangedException(file.Name);
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete, options: FileOptions.Asynchronous);
            if (ETag(RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle)) != file.ETag)
            {
                throw new DatasetFileChangedException(file.Name);
            }

            FilePartStream stream = new(handle, offset, part);
            handle = null;
            return Task.FromResult<Stream>(stream);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DatasetFileChangedException(file.Name, exception);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    private static FileSystemInfo? Target(FileSystemInfo link)
    {
        try
        {
            return link.ResolveLinkTarget(returnFinalTarget: true);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string ETag(long length, DateTime changed) => string.Create(CultureInfo.InvariantCulture, $"\"{length:x}-{changed.Ticks:x}\"");

    // A plan is a file, too, and may have been written by anybody: its names must not lead out of the root.
    private string? FullPath(string name)
    {
        string path = Path.GetFullPath(Path.Combine(_root, name.Replace('/', Path.DirectorySeparatorChar)));
        string root = Path.EndsInDirectorySeparator(_root) ? _root : _root + Path.DirectorySeparatorChar;
        return path == _root || path.StartsWith(root, StringComparison.Ordinal) ? path : null;
    }
}
