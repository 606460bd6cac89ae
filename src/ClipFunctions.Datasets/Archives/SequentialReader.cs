using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Archives;

/// <summary>
/// Reads a file forward, decompressed if it is gzipped (told by its first bytes). What is skipped is not read where that saves time. Positions are
/// those of the decompressed bytes.
/// </summary>
internal sealed class SequentialReader : IAsyncDisposable
{
    private const int BufferSize = 1 << 16;

    // A new request costs about as much as reading this on.
    private const long WorthReopening = 1 << 18;

    private readonly IDatasetFiles _files;
    private readonly DatasetFile _file;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private Stream _source;
    private Stream _content;
    private int _start;
    private int _end;

    // Of what has been read into the buffer.
    private long _read;

    // Bytes still to be skipped after the buffer's.
    private long _pending;

    private SequentialReader(IDatasetFiles files, DatasetFile file, Stream source)
    {
        _files = files;
        _file = file;
        _source = source;
        _content = source;
    }

    /// <summary>Whether the file is gzipped.</summary>
    public bool IsGzip { get; private set; }

    /// <summary>Where the next byte stands.</summary>
    public long Position => _read - (_end - _start) + _pending;

    /// <summary>Opens a file at its beginning.</summary>
    /// <exception cref="DatasetFileChangedException">It is another version.</exception>
    public static async Task<SequentialReader> OpenAsync(IDatasetFiles files, DatasetFile file, CancellationToken cancellationToken)
    {
        SequentialReader reader = new(files, file, await files.OpenAsync(file, 0, null, cancellationToken));
        try
        {
            await reader.FillAsync(2, cancellationToken);
            if (reader._end >= 2 && reader._buffer.AsSpan(0, 2).SequenceEqual<byte>([0x1F, 0x8B]))
            {
                reader.Decompress(await reader.ReopenedAsync(0, cancellationToken));
            }

            return reader;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads until <paramref name="destination"/> is full or the file ends.</summary>
    /// <returns>How many bytes were read.</returns>
    /// <exception cref="BrokenArchiveException">The gzip is damaged.</exception>
    /// <exception cref="DatasetFileChangedException">It is another version.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        await CatchUpAsync(cancellationToken);
        int done = 0;
        while (done < destination.Length)
        {
            if (_start == _end)
            {
                // Large reads need no buffer in between.
                if (destination.Length - done >= BufferSize)
                {
                    int read = await ReadContentAsync(destination[done..], cancellationToken);
                    if (read == 0)
                    {
                        break;
                    }

                    done += read;
                    _read += read;
                    continue;
                }

                if (!await FillAsync(1, cancellationToken))
                {
                    break;
                }
            }

            int count = Math.Min(_end - _start, destination.Length - done);
            _buffer.AsMemory(_start, count).CopyTo(destination[done..]);
            _start += count;
            done += count;
        }

        return done;
    }

    /// <summary>Reads exactly as much as is wanted.</summary>
    /// <exception cref="BrokenArchiveException">The file ends before, or the gzip is damaged.</exception>
    /// <exception cref="DatasetFileChangedException">It is another version.</exception>
    public async ValueTask ReadExactlyAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (await ReadAsync(destination, cancellationToken) < destination.Length)
        {
            throw Truncated();
        }
    }

    /// <summary>Goes on by some bytes; that they are there is known after <see cref="RequireAsync"/> or the next read.</summary>
    public void Skip(long count)
    {
        int buffered = (int)Math.Min(count, _end - _start);
        _start += buffered;
        _pending += count - buffered;
    }

    /// <summary>Throws if the file ends before the current position.</summary>
    /// <exception cref="BrokenArchiveException">It does, or the gzip is damaged.</exception>
    /// <exception cref="DatasetFileChangedException">It is another version.</exception>
    public async ValueTask RequireAsync(CancellationToken cancellationToken)
    {
        if (!IsGzip)
        {
            if (Position > _file.Size)
            {
                throw Truncated();
            }
        }
        else
        {
            await CatchUpAsync(cancellationToken);
            if (_pending > 0)
            {
                throw Truncated();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _content.DisposeAsync();
        await _source.DisposeAsync();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private BrokenArchiveException Truncated() => new(
        isTruncated: true,
        string.Create(CultureInfo.InvariantCulture, $"It ends at byte {(IsGzip ? _read : _file.Size):N0}{(IsGzip ? " of what it decompresses to" : "")}, in the midst of something."));

    private void Decompress(Stream source)
    {
        IsGzip = true;
        _source = source;
        _content = new GZipStream(source, CompressionMode.Decompress, leaveOpen: true);
        _start = _end = 0;
        _read = 0;
    }

    private async ValueTask CatchUpAsync(CancellationToken cancellationToken)
    {
        if (_pending == 0)
        {
            return;
        }

        if (!IsGzip && (_source.CanSeek || _pending >= WorthReopening))
        {
            long target = Math.Min(_read + _pending, _file.Size);
            _content = _source = await ReopenedAsync(target, cancellationToken);
            _pending -= target - _read;
            _read = target;
            return;
        }

        while (_pending > 0 && await FillAsync(1, cancellationToken))
        {
            int count = (int)Math.Min(_pending, _end);
            _start = count;
            _pending -= count;
        }
    }

    /// <summary>The stream of the file from a position on.</summary>
    private async Task<Stream> ReopenedAsync(long position, CancellationToken cancellationToken)
    {
        if (_source.CanSeek)
        {
            _source.Position = position;
            return _source;
        }

        Stream old = _source;
        Stream next = await _files.OpenAsync(_file, position, null, cancellationToken);
        await old.DisposeAsync();
        return next;
    }

    /// <summary>Fills the empty buffer with at least so many bytes; false if the file ends before.</summary>
    private async ValueTask<bool> FillAsync(int least, CancellationToken cancellationToken)
    {
        _start = _end = 0;
        while (_end < least)
        {
            int read = await ReadContentAsync(_buffer.AsMemory(_end, BufferSize - _end), cancellationToken);
            if (read == 0)
            {
                return false;
            }

            _end += read;
            _read += read;
        }

        return true;
    }

    private async ValueTask<int> ReadContentAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        try
        {
            return await _content.ReadAsync(destination, cancellationToken);
        }
        catch (InvalidDataException exception)
        {
            throw new BrokenArchiveException(isTruncated: false, $"Its gzip is damaged: {exception.Message}", exception);
        }
    }
}
