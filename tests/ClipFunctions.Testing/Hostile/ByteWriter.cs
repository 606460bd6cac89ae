using System.Buffers.Binary;
using System.Text;

namespace ClipFunctions.Testing.Hostile;

/// <summary>Puts a file together, byte by byte.</summary>
internal sealed class ByteWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>What was written so far.</summary>
    public byte[] ToArray() => [.. _bytes];

    /// <summary>Bytes as they are.</summary>
    public ByteWriter Bytes(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>One byte, so many times.</summary>
    public ByteWriter Repeat(byte value, int count)
    {
        Span<byte> block = stackalloc byte[256];
        block.Fill(value);
        for (int left = count; left > 0; left -= block.Length)
        {
            _bytes.AddRange(block[..Math.Min(left, block.Length)]);
        }

        return this;
    }

    /// <summary>ASCII.</summary>
    public ByteWriter Text(string text) => Bytes(Encoding.ASCII.GetBytes(text));

    /// <summary>16 bits, most significant byte first.</summary>
    public ByteWriter Big16(int value) => Bytes((byte)(value >> 8), (byte)value);

    /// <summary>32 bits, most significant byte first.</summary>
    public ByteWriter Big32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Bytes(bytes);
    }

    /// <summary>16 bits, least significant byte first.</summary>
    public ByteWriter Little16(int value) => Bytes((byte)value, (byte)(value >> 8));

    /// <summary>24 bits, least significant byte first.</summary>
    public ByteWriter Little24(int value) => Bytes((byte)value, (byte)(value >> 8), (byte)(value >> 16));

    /// <summary>32 bits, least significant byte first.</summary>
    public ByteWriter Little32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Bytes(bytes);
    }
}
