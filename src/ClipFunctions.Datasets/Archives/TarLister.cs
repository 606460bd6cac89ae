using System.Globalization;
using System.Text;

namespace ClipFunctions.Datasets.Archives;

/// <summary>
/// Lists the files of a tar (v7, ustar, pax, GNU) with the place of their bytes. System.Formats.Tar gives no offsets for streams that cannot seek,
/// and reads headers of any size into memory; this one reads at most 1 MiB for one.
/// </summary>
internal sealed class TarLister(SequentialReader source)
{
    public const int BlockSize = 512;

    private const int MaxHeaderData = 1 << 20;
    private const int MaxNameLength = 4096;

    private readonly byte[] _block = new byte[BlockSize];
    private long _next;

    /// <summary>A file that the reader passed over since the last member, and why it is none of them.</summary>
    public Action<string, string>? Unsupported { get; init; }

    /// <summary>The next file; null at the end. The source then stands at its first byte, and may be read from there.</summary>
    /// <exception cref="BrokenArchiveException">The archive ends early or is damaged.</exception>
    public async ValueTask<TarMember?> NextAsync(CancellationToken cancellationToken)
    {
        string? longName = null;
        long? longSize = null;
        bool sparse = false;
        while (true)
        {
            source.Skip(_next - source.Position);
            await source.RequireAsync(cancellationToken);
            int read = await source.ReadAsync(_block, cancellationToken);
            if (read == 0 || (read == BlockSize && !_block.AsSpan().ContainsAnyExcept((byte)0)))
            {
                return null;
            }

            if (read < BlockSize)
            {
                throw new BrokenArchiveException(isTruncated: true, "It ends within a header.");
            }

            CheckSum();
            long size = Number(_block.AsSpan(124, 12), "size");
            long at = source.Position;
            char type = (char)_block[156];
            if (type is 'x' or 'L' or 'K' or 'g')
            {
                _next = End(at, size);
                if (type == 'x')
                {
                    byte[] data = await HeaderDataAsync(size, cancellationToken);
                    ReadPax(data, ref longName, ref longSize, ref sparse);
                }
                else if (type == 'L')
                {
                    byte[] data = await HeaderDataAsync(size, cancellationToken);
                    longName = Text(data);
                }

                continue;
            }

            size = longSize ?? size;
            string name = (longName ?? Name()).TrimStart('/');
            while (name.StartsWith("./", StringComparison.Ordinal))
            {
                name = name[2..].TrimStart('/');
            }

            bool isFile = type is '0' or '\0' or '7' or 'S';

            // Links and folders may give a size, but have no bytes.
            _next = End(at, type is >= '1' and <= '6' ? 0 : size);
            if (isFile && !name.EndsWith('/') && name.Length > 0)
            {
                if (name.Length > MaxNameLength)
                {
                    throw new BrokenArchiveException(isTruncated: false, string.Create(CultureInfo.InvariantCulture, $"The name of the member at byte {at:N0} has {name.Length:N0} characters."));
                }

                if (type == 'S' || sparse)
                {
                    Unsupported?.Invoke(name, "It is stored as a sparse file.");
                }
                else
                {
                    return new TarMember(name, at, size);
                }
            }
            else if (type is '1' or '2')
            {
                Unsupported?.Invoke(name, "It is a link.");
            }

            (longName, longSize, sparse) = (null, null, false);
        }
    }

    private static long End(long at, long size)
    {
        long end = at + size;
        return end <= long.MaxValue - (2 * BlockSize) && end >= at
            ? (end + BlockSize - 1) / BlockSize * BlockSize
            : throw new BrokenArchiveException(isTruncated: false, string.Create(CultureInfo.InvariantCulture, $"The member at byte {at:N0} is said to have {size:N0} bytes."));
    }

    private async ValueTask<byte[]> HeaderDataAsync(long size, CancellationToken cancellationToken)
    {
        if (size > MaxHeaderData)
        {
            throw new BrokenArchiveException(isTruncated: false, string.Create(CultureInfo.InvariantCulture, $"A header at byte {source.Position:N0} has {size:N0} bytes, more than {MaxHeaderData:N0}."));
        }

        byte[] data = new byte[size];
        await source.ReadExactlyAsync(data, cancellationToken);
        return data;
    }

    private void CheckSum()
    {
        long stated = Number(_block.AsSpan(148, 8), "checksum");
        long unsigned = 0;
        long signed = 0;
        for (int i = 0; i < BlockSize; i++)
        {
            byte value = i is >= 148 and < 156 ? (byte)' ' : _block[i];
            unsigned += value;
            signed += (sbyte)value;
        }

        if (stated != unsigned && stated != signed)
        {
            throw new BrokenArchiveException(isTruncated: false, string.Create(CultureInfo.InvariantCulture, $"The header at byte {source.Position - BlockSize:N0} does not fit its checksum."));
        }
    }

    private string Name()
    {
        string name = Text(_block.AsSpan(0, 100));

        // GNU's header has other things in the prefix's place.
        return _block.AsSpan(257, 6).SequenceEqual("ustar\0"u8) && _block[345] != 0 ? $"{Text(_block.AsSpan(345, 155))}/{name}" : name;
    }

    // Octal digits between spaces and zeros; or, with the first bit set, a big-endian number.
    private long Number(ReadOnlySpan<byte> field, string what)
    {
        long value = 0;
        if ((field[0] & 0x80) != 0)
        {
            // 0xFF would begin a negative one.
            bool fits = field[0] == 0x80;
            for (int i = 1; i < field.Length; i++)
            {
                fits &= value <= long.MaxValue >> 8;
                value = (value << 8) | field[i];
            }

            return fits ? value : throw Broken();
        }

        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
            {
                throw Broken();
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return value;

        BrokenArchiveException Broken() =>
            new(isTruncated: false, string.Create(CultureInfo.InvariantCulture, $"The header at byte {source.Position - BlockSize:N0} has no number as its {what}."));
    }

    // "{length} {key}={value}\n", the length that of the whole.
    private static void ReadPax(ReadOnlySpan<byte> data, ref string? name, ref long? size, ref bool sparse)
    {
        while (data.Length > 0)
        {
            int space = data.IndexOf((byte)' ');
            if (space < 1
                || !int.TryParse(data[..space], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                || length <= space + 1
                || length > data.Length
                || data[length - 1] != '\n')
            {
                throw new BrokenArchiveException(isTruncated: false, "A pax header is damaged.");
            }

            ReadOnlySpan<byte> record = data[(space + 1)..(length - 1)];
            data = data[length..];
            int equals = record.IndexOf((byte)'=');
            if (equals < 0)
            {
                throw new BrokenArchiveException(isTruncated: false, "A pax header is damaged.");
            }

            ReadOnlySpan<byte> value = record[(equals + 1)..];
            if (record[..equals].SequenceEqual("path"u8))
            {
                name = Text(value);
            }
            else if (record[..equals].SequenceEqual("size"u8))
            {
                size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                    ? number
                    : throw new BrokenArchiveException(isTruncated: false, "A pax header gives a size that is no number.");
            }
            else if (record.StartsWith("GNU.sparse."u8))
            {
                sparse = true;
            }
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
