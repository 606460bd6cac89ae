using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Tests;

/// <summary>A data set in memory, whose streams give as little at a time as streams may, and which counts what is opened.</summary>
internal sealed class MemoryFiles : IDatasetFiles
{
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private int _opened;
    private int _open;
    private long _read;

    public string Origin { get; init; } = "memory";

    public string? Entry { get; init; }

    /// <summary>The most bytes that a read gives.</summary>
    public int PieceSize { get; init; } = 777;

    public bool CanSeek { get; init; }

    /// <summary>Called at every opening.</summary>
    public Func<DatasetFile, CancellationToken, Task>? Opening { get; set; }

    public int Opened => _opened;

    /// <summary>Streams that have not been disposed of.</summary>
    public int Open => _open;

    public long BytesRead => Interlocked.Read(ref _read);

    public byte[] this[string name]
    {
        get => _files[name];
        set
        {
            if (!_files.ContainsKey(name))
            {
                _order.Add(name);
            }

            _files[name] = value;
        }
    }

    public IEnumerable<string> Names => _order;

    public static MemoryFiles Of(params (string Name, string Content)[] files)
    {
        MemoryFiles memory = new();
        foreach ((string name, string content) in files)
        {
            memory[name] = Encoding.UTF8.GetBytes(content);
        }

        return memory;
    }

    /// <summary>Files that are each filled with their name.</summary>
    public static MemoryFiles Named(params string[] names) => Of([.. names.Select(name => (name, $"picture {name}"))]);

    public static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    /// <summary>The same files, listed in another order.</summary>
    public MemoryFiles Reordered(IEnumerable<string> order)
    {
        MemoryFiles other = new() { Origin = Origin, Entry = Entry };
        foreach (string name in order)
        {
            other[name] = _files[name];
        }

        return other;
    }

    /// <summary>The same files, the data set named by one of them.</summary>
    public MemoryFiles WithEntry(string entry)
    {
        MemoryFiles other = new() { Origin = Origin, Entry = entry };
        foreach (string name in _order)
        {
            other[name] = _files[name];
        }

        return other;
    }

    public DatasetFile File(string name) => new(name, _files[name].Length, ETag(_files[name]));

    public async IAsyncEnumerable<DatasetFile> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string name in _order.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).ToArray())
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return File(name);
        }
    }

    public async Task<Stream> OpenAsync(DatasetFile file, long offset, long? length, CancellationToken cancellationToken)
    {
        long part = FileParts.LengthOf(file, offset, length);
        await Task.Yield();
        if (Opening is not null)
        {
            await Opening(file, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!_files.TryGetValue(file.Name, out byte[]? bytes) || ETag(bytes) != file.ETag)
        {
            throw new DatasetFileChangedException(file.Name);
        }

        Interlocked.Increment(ref _opened);
        Interlocked.Increment(ref _open);
        return new PieceStream(this, bytes.AsMemory((int)offset, (int)part));
    }

    private static string ETag(byte[] bytes) => $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"";

    private sealed class PieceStream(MemoryFiles owner, Memory<byte> bytes) : Stream
    {
        private int _position;
        private bool _closed;

        public override bool CanRead => true;

        public override bool CanSeek => owner.CanSeek;

        public override bool CanWrite => false;

        public override long Length => owner.CanSeek ? bytes.Length : throw new NotSupportedException();

        public override long Position
        {
            get => _position;
            set => _position = owner.CanSeek ? checked((int)value) : throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Everything reads asynchronously.");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Clamp(Math.Min(buffer.Length, bytes.Length - _position), 0, owner.PieceSize);
            bytes.Slice(Math.Min(_position, bytes.Length), count).CopyTo(buffer);
            _position += count;
            Interlocked.Add(ref owner._read, count);
            return ValueTask.FromResult(count);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (!_closed)
            {
                _closed = true;
                Interlocked.Decrement(ref owner._open);
            }

            base.Dispose(disposing);
        }
    }
}
