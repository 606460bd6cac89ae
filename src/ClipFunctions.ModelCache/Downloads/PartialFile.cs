using System.Security.Cryptography;
using System.Text;

namespace ClipFunctions.ModelCaching.Downloads;

/// <summary>
/// A file on its way to its place: <c>{name}.part</c> holds the bytes that have come, <c>{name}.part.origin</c> says what they are the
/// beginning of, and the whole, checked file is renamed to <c>{name}</c>. Whoever opens it later goes on where it stopped.
/// One holder at a time.
/// </summary>
public sealed class PartialFile : IAsyncDisposable
{
    private const string PartEnding = ".part";
    private const string OriginEnding = ".part.origin";
    private const int BufferSize = 1 << 18;
    private const int MaxOriginBytes = 1 << 14;

    private readonly string _path;
    private readonly string _origin;
    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private PartialFile(string path, string origin, FileStream stream)
    {
        _path = path;
        _origin = origin;
        _stream = stream;
    }

    /// <summary>How many bytes are there.</summary>
    public long Length { get; private set; }

    /// <summary>The version that they belong to (a strong ETag); null if nothing tells it, and then they must not be continued.</summary>
    public string? Version { get; private set; }

    /// <summary>Whether a whole file stands in its place already, with these bytes.</summary>
    /// <param name="path">Its place.</param>
    /// <param name="size">Its size in bytes, where it is known.</param>
    /// <param name="sha256">Its SHA-256 in hex.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static async Task<bool> IsWholeAsync(string path, long? size, string sha256, CancellationToken cancellationToken)
    {
        FileInfo file = new(path);
        if (!file.Exists || (size is { } expected && expected != file.Length))
        {
            return false;
        }

        await using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return string.Equals(Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)), sha256, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Opens what is there already if it is of the same origin, else begins anew.</summary>
    /// <param name="path">Where the whole file will stand.</param>
    /// <param name="origin">Where it comes from; no secrets, they would be stored.</param>
    /// <param name="cancellationToken">Stops the reading of what is there.</param>
    /// <exception cref="ModelDownloadException">The disk is full.</exception>
    public static async Task<PartialFile> OpenAsync(string path, string origin, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(origin);
        string? version = ReadVersion(path, origin);
        FileStream stream = new(path + PartEnding, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.Asynchronous);
        PartialFile file = new(path, origin, stream);
        try
        {
            if (version is null)
            {
                stream.SetLength(0);
            }
            else
            {
                await file.HashAsync(cancellationToken);
                file.Version = version;
            }

            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>Forgets all bytes and begins anew.</summary>
    /// <param name="version">The version that the bytes to come belong to; null if nothing tells it.</param>
    /// <exception cref="ModelDownloadException">The disk is full.</exception>
    public void Restart(string? version)
    {
        _stream.SetLength(0);
        _ = _hash.GetHashAndReset();
        Length = 0;
        Version = version;
        try
        {
            if (version is null)
            {
                File.Delete(_path + OriginEnding);
            }
            else
            {
                File.WriteAllText(_path + OriginEnding, $"{_origin}\n{version}");
            }
        }
        catch (IOException exception) when (DiskSpace.IsFull(exception))
        {
            throw Full(exception);
        }
    }

    /// <summary>Adds bytes at the end.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ModelDownloadException">The disk is full; what was there is deleted.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _stream.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException exception) when (DiskSpace.IsFull(exception))
        {
            throw Full(exception);
        }

        _hash.AppendData(bytes.Span);
        Length += bytes.Length;
    }

    /// <summary>Checks the whole file and puts it in its place.</summary>
    /// <param name="size">Its size in bytes, where it is known.</param>
    /// <param name="sha256">Its SHA-256 in hex, where it is known.</param>
    /// <returns>Its SHA-256 in lower-case hex.</returns>
    /// <exception cref="ModelDownloadException">It has another size or hash, and is deleted; or the disk is full.</exception>
    public string Complete(long? size, string? sha256)
    {
        if (size is { } expected && expected != Length)
        {
            Delete();
            throw ModelDownloadException.Size(_origin, expected, Length);
        }

        string actual = Convert.ToHexStringLower(_hash.GetHashAndReset());
        if (sha256 is not null && !string.Equals(sha256, actual, StringComparison.OrdinalIgnoreCase))
        {
            Delete();
            throw ModelDownloadException.Hash(_origin, sha256, actual);
        }

        try
        {
            _stream.Flush(flushToDisk: true);
        }
        catch (IOException exception) when (DiskSpace.IsFull(exception))
        {
            throw Full(exception);
        }

        _stream.Dispose();
        File.Move(_path + PartEnding, _path, overwrite: true);
        File.Delete(_path + OriginEnding);
        return actual;
    }

    /// <summary>Removes all that is there.</summary>
    public void Delete()
    {
        _stream.Dispose();
        File.Delete(_path + PartEnding);
        File.Delete(_path + OriginEnding);
    }

    /// <summary>Closes the file and leaves what has come for the next one.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _hash.Dispose();
    }

    private async Task HashAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferSize];
        int read;
        while ((read = await _stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            _hash.AppendData(buffer, 0, read);
            Length += read;
        }
    }

    private ModelDownloadException Full(IOException exception)
    {
        Delete();
        return DiskSpace.Full(Path.GetDirectoryName(_path)!, $"fetching {Path.GetFileName(_path)}", exception);
    }

    private static string? ReadVersion(string path, string origin)
    {
        FileInfo file = new(path + OriginEnding);
        if (!file.Exists || file.Length > MaxOriginBytes)
        {
            return null;
        }

        string[] lines = File.ReadAllText(file.FullName, Encoding.UTF8).Split('\n');
        return lines.Length == 2 && lines[0] == origin && lines[1].Length > 0 ? lines[1] : null;
    }
}
