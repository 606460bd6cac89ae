using System.Buffers;

namespace ClipFunctions.Datasets.Files;

/// <summary>Reads lines of bytes (ended by LF or CR LF) of a bounded length.</summary>
internal sealed class LineReader(Stream stream, int maxLength) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Math.Min(maxLength + 2, 1 << 16));
    private int _start;
    private int _end;

    /// <summary>The line, without its end; valid until the next one is read. Empty if it is too long.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>The line's number, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Whether the line was too long, and has been passed over.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Goes to the next line; false if there is none.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        IsTooLong = false;
        int searched = 0;
        while (true)
        {
            int found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (found >= 0)
            {
                Take(searched + found);
                _start++;
                return true;
            }

            searched = _end - _start;
            if (searched > maxLength + 1)
            {
                // Only that it goes on has to be known.
                IsTooLong = true;
                _start = _end;
                searched = 0;
            }

            if (!await FillAsync(cancellationToken))
            {
                if (searched == 0 && !IsTooLong)
                {
                    Line = default;
                    return false;
                }

                Take(searched);
                return true;
            }
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _start = _end = 0;
    }

    private void Take(int length)
    {
        Number++;
        ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, length);
        if (line.Length > 0 && line.Span[^1] == '\r')
        {
            line = line[..^1];
        }

        IsTooLong |= line.Length > maxLength;
        Line = IsTooLong ? default : line;
        _start += length;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        return read > 0;
    }
}
