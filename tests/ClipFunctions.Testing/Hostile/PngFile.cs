using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ClipFunctions.Testing.Hostile;

/// <summary>PNG files, chunk by chunk, with right checksums.</summary>
internal static class PngFile
{
    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(n =>
    {
        uint crc = (uint)n;
        for (int bit = 0; bit < 8; bit++)
        {
            crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }

        return crc;
    })];

    /// <summary>A file of the chunks that are given.</summary>
    public static byte[] Make(params IEnumerable<(string Name, byte[] Data)> chunks)
    {
        ByteWriter file = new ByteWriter().Bytes(0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A);
        foreach ((string name, byte[] data) in chunks)
        {
            Chunk(file, name, data);
        }

        return file.ToArray();
    }

    /// <summary>A chunk with its length and checksum.</summary>
    public static void Chunk(ByteWriter file, string name, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(name), .. data];
        file.Big32((uint)data.Length).Bytes(body).Big32(Crc(body));
    }

    /// <summary>The header chunk.</summary>
    public static (string Name, byte[] Data) Header(uint width, uint height, int depth, int colour, int interlace = 0) =>
        ("IHDR", new ByteWriter().Big32(width).Big32(height).Bytes((byte)depth, (byte)colour, 0, 0, (byte)interlace).ToArray());

    /// <summary>Pixels that are all one byte: nothing packs better.</summary>
    public static (string Name, byte[] Data) Pixels(long bytes, byte value = 0) => ("IDAT", Pack(bytes, value));

    /// <summary>Pixels that are given.</summary>
    public static (string Name, byte[] Data) Pixels(byte[] rows) => ("IDAT", Pack(rows));

    /// <summary>The last chunk.</summary>
    public static (string Name, byte[] Data) End => ("IEND", []);

    /// <summary>A frame's control chunk.</summary>
    public static (string Name, byte[] Data) Frame(uint number, uint width, uint height, uint x, uint y) =>
        ("fcTL", new ByteWriter().Big32(number).Big32(width).Big32(height).Big32(x).Big32(y).Big16(0).Big16(0).Bytes(0, 0).ToArray());

    /// <summary>The chunks of a file, so far as they are whole.</summary>
    public static List<(string Name, byte[] Data)> Chunks(byte[] file)
    {
        List<(string, byte[])> chunks = [];
        for (int at = 8; at + 12 <= file.Length;)
        {
            int length = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at)), (uint)(file.Length - at - 12));
            chunks.Add((Encoding.ASCII.GetString(file, at + 4, 4), file[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }

        return chunks;
    }

    /// <summary>A zlib stream of so many equal bytes.</summary>
    public static byte[] Pack(long bytes, byte value = 0)
    {
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] block = new byte[1 << 16];
            Array.Fill(block, value);
            for (long left = bytes; left > 0; left -= block.Length)
            {
                zlib.Write(block, 0, (int)Math.Min(left, block.Length));
            }
        }

        return packed.ToArray();
    }

    private static uint Crc(ReadOnlySpan<byte> body)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte value in body)
        {
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static byte[] Pack(byte[] rows)
    {
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        return packed.ToArray();
    }
}
