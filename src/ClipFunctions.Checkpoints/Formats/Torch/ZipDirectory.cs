using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;

namespace ClipFunctions.Checkpoints.Formats.Torch;

/// <summary>
/// The directory of a zip archive, zip64 included (PKWARE's APPNOTE 6.3, sections 4.3 to 4.5). Every field is checked when it is read: the end record
/// closes the file, the directory ends where the end records begin, each local header says what the directory says, and no two entries overlap.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndLength = 22;
    private const int LocatorLength = 20;
    private const int Zip64EndLength = 56;
    private const int CentralLength = 46;
    private const int LocalLength = 30;
    private const int LongestComment = ushort.MaxValue;
    private const int MostEntries = 100_000;
    private const int MostDirectoryBytes = 64 << 20;

    // Deflate can make a thousand bytes of one, a pickle's text perhaps twenty.
    private const int HighestRatio = 64;

    private const int EncryptedFlag = 1;
    private const int DescriptorFlag = 8;
    private const ushort Zip64Extra = 1;

    private static readonly ImmutableArray<uint> CrcTable = [.. Enumerable.Range(0, 256).Select(CrcOf)];

    private readonly FileBytes _bytes;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Reads the directory.</summary>
    /// <exception cref="InvalidCheckpointException">It breaks a rule.</exception>
    public ZipDirectory(FileBytes bytes)
    {
        _bytes = bytes;
        (long start, long length, long count) = FindDirectory();
        List<(long Begin, long End, string Name)> extents = new((int)count);
        ReadOnlySpan<byte> directory = bytes.Slice(start, length);
        for (long i = 0; i < count; i++)
        {
            extents.Add(ReadEntry(ref directory, start));
        }

        if (!directory.IsEmpty)
        {
            throw Error(null, $"its directory has {directory.Length} bytes behind its {count} entries.");
        }

        CheckOverlaps(extents);
    }

    /// <summary>The entries by name.</summary>
    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    /// <summary>The bytes of a small entry, decompressed if need be, its CRC checked.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="limit">The most bytes it may have.</param>
    /// <exception cref="InvalidCheckpointException">It is larger, damaged, or compressed in a way that is not known.</exception>
    public ReadOnlySpan<byte> ReadSmall(ZipEntry entry, int limit)
    {
        if (entry.Size > limit || entry.CompressedSize > limit)
        {
            throw Error(entry.Name, $"has {entry.Size} bytes in {entry.CompressedSize}; {limit} are allowed.");
        }

        ReadOnlySpan<byte> content = entry.Method switch
        {
            ZipEntry.Stored => _bytes.Slice(entry.DataOffset, entry.Size),
            ZipEntry.Deflated => Inflate(entry),
            _ => throw Error(entry.Name, $"is compressed by method {entry.Method}; {ZipEntry.Stored} (stored) and {ZipEntry.Deflated} (deflated) are known."),
        };
        uint crc = Crc(content);
        return crc == entry.Crc ? content : throw Error(entry.Name, $"is damaged: its CRC-32 is {crc:X8}, the directory says {entry.Crc:X8}.");
    }

    private static uint CrcOf(int value)
    {
        uint crc = (uint)value;
        for (int bit = 0; bit < 8; bit++)
        {
            crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }

        return crc;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private InvalidCheckpointException Error(string? item, string problem) => new(_bytes.Name, item, $"zip archive: {problem}");

    private (long Start, long Length, long Count) FindDirectory()
    {
        long endAt = FindEnd();
        ReadOnlySpan<byte> end = _bytes.Slice(endAt, EndLength);
        if (U16(end, 4) is not (0 or ushort.MaxValue) || U16(end, 6) is not (0 or ushort.MaxValue) || U16(end, 8) != U16(end, 10))
        {
            throw Error(null, "it is one part of several; only whole archives are read.");
        }

        (ulong count, ulong length, ulong start) = (U16(end, 10), U32(end, 12), U32(end, 16));
        long directoryEnd = endAt;
        if (endAt >= LocatorLength && U32(_bytes.Slice(endAt - LocatorLength, LocatorLength), 0) == 0x07064B50)
        {
            long locatorAt = endAt - LocatorLength;
            ReadOnlySpan<byte> locator = _bytes.Slice(locatorAt, LocatorLength);
            ulong at = U64(locator, 8);
            if (U32(locator, 4) != 0 || U32(locator, 16) > 1 || at > (ulong)locatorAt || (ulong)locatorAt - at < Zip64EndLength)
            {
                throw Error(null, $"its zip64 locator points to byte {at} of {_bytes.Length}, where no end record can be.");
            }

            directoryEnd = (long)at;
            ReadOnlySpan<byte> zip64 = _bytes.Slice(directoryEnd, Zip64EndLength);
            if (U32(zip64, 0) != 0x06064B50 || U64(zip64, 4) != (ulong)(locatorAt - directoryEnd - 12) || U32(zip64, 16) != 0 || U32(zip64, 20) != 0 || U64(zip64, 24) != U64(zip64, 32))
            {
                throw Error(null, "its zip64 end record is damaged.");
            }

            (ulong count64, ulong length64, ulong start64) = (U64(zip64, 32), U64(zip64, 40), U64(zip64, 48));
            if ((count != ushort.MaxValue && count != count64) || (length != uint.MaxValue && length != length64) || (start != uint.MaxValue && start != start64))
            {
                throw Error(null, $"its two end records disagree: {count} entries in {length} bytes at {start}, and {count64} in {length64} at {start64}.");
            }

            (count, length, start) = (count64, length64, start64);
        }

        if (start > (ulong)directoryEnd || length != (ulong)directoryEnd - start)
        {
            throw Error(null, $"its directory of {length} bytes at {start} does not end at byte {directoryEnd}, where its end record begins.");
        }

        if (count > MostEntries || length > MostDirectoryBytes || count * CentralLength > length)
        {
            throw Error(null, $"{count} entries in a directory of {length} bytes; {MostEntries} entries in {MostDirectoryBytes} bytes are allowed, and each takes {CentralLength} or more.");
        }

        return ((long)start, (long)length, (long)count);
    }

    private long FindEnd()
    {
        if (_bytes.Length < EndLength)
        {
            throw Error(null, $"{_bytes.Length} bytes are too few; its end record alone takes {EndLength}.");
        }

        int tailLength = (int)Math.Min(_bytes.Length, EndLength + LongestComment);
        ReadOnlySpan<byte> tail = _bytes.Slice(_bytes.Length - tailLength, tailLength);
        for (int at = tailLength - EndLength; at >= 0; at--)
        {
            if (U32(tail, at) == 0x06054B50 && U16(tail, at + 20) == tailLength - at - EndLength)
            {
                return _bytes.Length - tailLength + at;
            }
        }

        throw Error(null, "it has no end record: the file is cut short or is not a zip archive.");
    }

    private (long Begin, long End, string Name) ReadEntry(ref ReadOnlySpan<byte> directory, long directoryStart)
    {
        if (directory.Length < CentralLength || U32(directory, 0) != 0x02014B50)
        {
            throw Error(null, $"entry {_entries.Count} of its directory is no entry.");
        }

        (int nameLength, int extraLength, int commentLength) = (U16(directory, 28), U16(directory, 30), U16(directory, 32));
        int total = CentralLength + nameLength + extraLength + commentLength;
        if (total > directory.Length)
        {
            throw Error(null, $"entry {_entries.Count} of its directory takes {total} bytes, {directory.Length} are left.");
        }

        ReadOnlySpan<byte> header = directory[..CentralLength];
        ReadOnlySpan<byte> rawName = directory.Slice(CentralLength, nameLength);
        ReadOnlySpan<byte> extra = directory.Slice(CentralLength + nameLength, extraLength);
        directory = directory[total..];

        string name = Encoding.UTF8.GetString(rawName);
        (ulong size, ulong compressed, ulong at) = (U32(header, 24), U32(header, 20), U32(header, 42));
        uint disk = U16(header, 34);
        ReadOnlySpan<byte> zip64 = FindZip64(extra, name);
        size = size == uint.MaxValue ? TakeU64(ref zip64, name) : size;
        compressed = compressed == uint.MaxValue ? TakeU64(ref zip64, name) : compressed;
        at = at == uint.MaxValue ? TakeU64(ref zip64, name) : at;
        int flags = U16(header, 8);
        int method = U16(header, 10);
        if ((flags & EncryptedFlag) != 0 || disk is not (0 or ushort.MaxValue))
        {
            throw Error(name, "is encrypted or in another part of the archive.");
        }

        if (method == ZipEntry.Stored && size != compressed)
        {
            throw Error(name, $"is stored, yet {size} bytes take {compressed}.");
        }

        if (size > long.MaxValue || at > (ulong)directoryStart || (ulong)directoryStart - at < LocalLength)
        {
            throw Error(name, $"{size} bytes with a header at byte {at} do not lie before the directory at {directoryStart}.");
        }

        long data = CheckLocalHeader((long)at, directoryStart, name, rawName, header, size, compressed);
        if (!_entries.TryAdd(name, new ZipEntry(name, method, U32(header, 16), (long)compressed, (long)size, data)))
        {
            throw Error(name, "is there twice.");
        }

        return ((long)at, data + (long)compressed, name);
    }

    /// <summary>Checks an entry's header in front of its bytes against the directory's; the first of these bytes.</summary>
    private long CheckLocalHeader(long at, long directoryStart, string name, ReadOnlySpan<byte> rawName, ReadOnlySpan<byte> central, ulong size, ulong compressed)
    {
        ReadOnlySpan<byte> local = _bytes.Slice(at, LocalLength);
        long data = at + LocalLength + U16(local, 26) + U16(local, 28);
        if (U32(local, 0) != 0x04034B50 || data > directoryStart || compressed > (ulong)(directoryStart - data))
        {
            throw Error(name, $"at byte {at} there is no header with {compressed} bytes behind it and before the directory at {directoryStart}.");
        }

        // With a descriptor behind the bytes, sizes and CRC may be left out here.
        bool described = (U16(local, 6) & DescriptorFlag) != 0;
        ReadOnlySpan<byte> zip64 = FindZip64(_bytes.Slice(at + LocalLength + U16(local, 26), U16(local, 28)), name);
        ulong localSize = U32(local, 22) == uint.MaxValue && !zip64.IsEmpty ? TakeU64(ref zip64, name) : U32(local, 22);
        ulong localCompressed = U32(local, 18) == uint.MaxValue && !zip64.IsEmpty ? TakeU64(ref zip64, name) : U32(local, 18);
        if (U16(local, 8) != U16(central, 10)
            || (U16(local, 6) & EncryptedFlag) != 0
            || !_bytes.Slice(at + LocalLength, U16(local, 26)).SequenceEqual(rawName)
            || !Agrees(localSize, size, described)
            || !Agrees(localCompressed, compressed, described)
            || !Agrees(U32(local, 14), U32(central, 16), described))
        {
            throw Error(name, $"its header at byte {at} says something else than the directory.");
        }

        return data;

        static bool Agrees(ulong here, ulong there, bool described) => here == there || (described && here is 0 or uint.MaxValue);
    }

    private ReadOnlySpan<byte> FindZip64(ReadOnlySpan<byte> extra, string name)
    {
        while (!extra.IsEmpty)
        {
            if (extra.Length < 4 || U16(extra, 2) > extra.Length - 4)
            {
                throw Error(name, "its extra fields are damaged.");
            }

            ReadOnlySpan<byte> field = extra.Slice(4, U16(extra, 2));
            if (U16(extra, 0) == Zip64Extra)
            {
                return field;
            }

            extra = extra[(4 + field.Length)..];
        }

        return [];
    }

    private ulong TakeU64(ref ReadOnlySpan<byte> zip64, string name)
    {
        if (zip64.Length < sizeof(ulong))
        {
            throw Error(name, "its zip64 field lacks a size.");
        }

        ulong value = U64(zip64, 0);
        zip64 = zip64[sizeof(ulong)..];
        return value;
    }

    private void CheckOverlaps(List<(long Begin, long End, string Name)> extents)
    {
        extents.Sort((one, other) => one.Begin.CompareTo(other.Begin));
        for (int i = 1; i < extents.Count; i++)
        {
            if (extents[i].Begin < extents[i - 1].End)
            {
                throw Error(extents[i].Name, $"begins at byte {extents[i].Begin}, within {extents[i - 1].Name}, which ends at {extents[i - 1].End}.");
            }
        }
    }

    private byte[] Inflate(ZipEntry entry)
    {
        if (entry.Size / HighestRatio > entry.CompressedSize)
        {
            throw Error(entry.Name, $"{entry.CompressedSize} bytes are to become {entry.Size}, more than {HighestRatio} times as many.");
        }

        byte[] content = new byte[entry.Size];
        try
        {
            using MemoryStream compressed = new(_bytes.Slice(entry.DataOffset, entry.CompressedSize).ToArray());
            using DeflateStream inflater = new(compressed, CompressionMode.Decompress);
            int read = inflater.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            if (read < content.Length || inflater.ReadByte() >= 0)
            {
                throw Error(entry.Name, $"does not decompress to the {entry.Size} bytes that the directory says.");
            }
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidCheckpointException(_bytes.Name, entry.Name, $"zip archive: cannot be decompressed: {exception.Message}", exception);
        }

        return content;
    }
}
