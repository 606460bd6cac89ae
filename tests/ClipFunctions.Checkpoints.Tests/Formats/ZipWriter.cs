using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ClipFunctions.Checkpoints.Tests.Formats;

/// <summary>Writes a zip archive the way PyTorch does, and remembers where each part stands so that tests can lie in it.</summary>
public sealed class ZipWriter
{
    private readonly List<byte> _bytes = [];
    private readonly List<byte[]> _directory = [];
    private readonly List<(int At, long Length)> _holes = [];

    /// <summary>Whether sizes and CRC stand behind the data and are 0 before it, as PyTorch writes.</summary>
    public bool Described { get; init; } = true;

    /// <summary>Whether every size in the directory and the end is in its zip64 form.</summary>
    public bool Zip64 { get; init; }

    /// <summary>Where each local header is.</summary>
    public Dictionary<string, int> LocalHeaders { get; } = [];

    /// <summary>Where each entry's bytes are.</summary>
    public Dictionary<string, int> Data { get; } = [];

    /// <summary>Where each entry of the directory is.</summary>
    public Dictionary<string, int> CentralHeaders { get; } = [];

    /// <summary>Where the end record is.</summary>
    public int End { get; private set; }

    /// <summary>Where the zip64 end record is.</summary>
    public int Zip64End { get; private set; }

    /// <summary>An archive of torch.save: the pickle and the storages by key.</summary>
    public static byte[] Torch(byte[] pickle, params (string Key, byte[] Data)[] storages) => Torch(new ZipWriter(), pickle, storages);

    public static byte[] Torch(ZipWriter writer, byte[] pickle, params (string Key, byte[] Data)[] storages)
    {
        writer.Add("archive/data.pkl", pickle);
        writer.Add("archive/byteorder", "little"u8.ToArray());
        foreach ((string key, byte[] data) in storages)
        {
            writer.Add($"archive/data/{key}", data);
        }

        writer.Add("archive/version", "3\n"u8.ToArray());
        return writer.Finish();
    }

    public void Add(string name, byte[] data, bool deflate = false)
    {
        byte[] content = data;
        if (deflate)
        {
            using MemoryStream packed = new();
            using (DeflateStream deflater = new(packed, CompressionLevel.Optimal, leaveOpen: true))
            {
                deflater.Write(data);
            }

            content = packed.ToArray();
        }

        Add(name, content, data.Length, Crc(data), deflate);
    }

    /// <summary>An entry of zeros that takes no room, in the archive's memory or on a disk that knows holes.</summary>
    public void AddHole(string name, long length)
    {
        Add(name, [], length, 0, deflate: false);
    }

    /// <summary>Writes the finished archive with its holes.</summary>
    public void Save(Stream stream)
    {
        byte[] bytes = Finish();
        int from = 0;
        foreach ((int at, long length) in _holes)
        {
            stream.Write(bytes, from, at - from);
            stream.Seek(length, SeekOrigin.Current);
            from = at;
        }

        stream.Write(bytes, from, bytes.Length - from);
    }

    private long Position => _bytes.Count + _holes.Sum(hole => hole.Length);

    private void Add(string name, byte[] content, long size, uint crc, bool deflate)
    {
        long stored = deflate ? content.Length : size;
        byte[] rawName = Encoding.UTF8.GetBytes(name);
        int flags = 0x800 | (Described ? 8 : 0);
        int method = deflate ? 8 : 0;
        long local = Position;
        LocalHeaders.Add(name, _bytes.Count);

        // The data begin at a multiple of 64, after a field of padding.
        int padding = 64 - (int)((local + 30 + rawName.Length + 4) % 64);
        Write(0x04034B50, 4);
        Write(0, 2);
        Write((ulong)flags, 2);
        Write((ulong)method, 2);
        Write(0, 4);
        Write(Described ? 0 : crc, 4);
        Write(Described ? 0 : (ulong)stored, 4);
        Write(Described ? 0 : (ulong)size, 4);
        Write((ulong)rawName.Length, 2);
        Write((ulong)padding + 4, 2);
        _bytes.AddRange(rawName);
        Write(0x4246, 2);
        Write((ulong)padding, 2);
        _bytes.AddRange(new byte[padding]);
        Data.Add(name, _bytes.Count);
        _bytes.AddRange(content);
        if (stored > content.Length)
        {
            _holes.Add((_bytes.Count, stored));
        }

        if (Described)
        {
            Write(0x08074B50, 4);
            Write(crc, 4);
            Write((ulong)stored, Zip64 ? 8 : 4);
            Write((ulong)size, Zip64 ? 8 : 4);
        }

        List<byte> header = [];
        Write(header, 0x02014B50, 4);
        Write(header, 0, 4);
        Write(header, (ulong)flags, 2);
        Write(header, (ulong)method, 2);
        Write(header, 0, 4);
        Write(header, crc, 4);
        Write(header, Zip64 ? uint.MaxValue : (ulong)stored, 4);
        Write(header, Zip64 ? uint.MaxValue : (ulong)size, 4);
        Write(header, (ulong)rawName.Length, 2);
        Write(header, Zip64 ? 28UL : 0, 2);
        Write(header, 0, 10);
        Write(header, Zip64 ? uint.MaxValue : (ulong)local, 4);
        header.AddRange(rawName);
        if (Zip64)
        {
            Write(header, 1, 2);
            Write(header, 24, 2);
            Write(header, (ulong)size, 8);
            Write(header, (ulong)stored, 8);
            Write(header, (ulong)local, 8);
        }

        _directory.Add([.. header]);
    }

    public byte[] Finish()
    {
        long start = Position;
        foreach ((byte[] header, string name) in _directory.Zip(LocalHeaders.Keys))
        {
            CentralHeaders.Add(name, _bytes.Count);
            _bytes.AddRange(header);
        }

        long length = Position - start;
        long end = Position;
        Zip64End = _bytes.Count;
        Write(0x06064B50, 4);
        Write(44, 8);
        Write(0, 4);
        Write(0, 8);
        Write((ulong)_directory.Count, 8);
        Write((ulong)_directory.Count, 8);
        Write((ulong)length, 8);
        Write((ulong)start, 8);
        Write(0x07064B50, 4);
        Write(0, 4);
        Write((ulong)end, 8);
        Write(1, 4);
        End = _bytes.Count;
        Write(0x06054B50, 4);
        Write(0, 4);
        Write(Zip64 ? ushort.MaxValue : (ulong)_directory.Count, 2);
        Write(Zip64 ? ushort.MaxValue : (ulong)_directory.Count, 2);
        Write(Zip64 ? uint.MaxValue : (ulong)length, 4);
        Write(Zip64 ? uint.MaxValue : (ulong)start, 4);
        Write(0, 2);
        return [.. _bytes];
    }

    /// <summary>The CRC-32, bit by bit.</summary>
    public static uint Crc(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 * (crc & 1));
            }
        }

        return ~crc;
    }

    private static void Write(List<byte> target, ulong value, int bytes)
    {
        Span<byte> all = stackalloc byte[16];
        all.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(all, value);
        target.AddRange(all[..bytes]);
    }

    private void Write(ulong value, int bytes) => Write(_bytes, value, bytes);
}
