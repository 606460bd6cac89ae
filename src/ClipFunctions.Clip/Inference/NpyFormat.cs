using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ClipFunctions.Clip.Inference;

/// <summary>NumPy's <c>.npy</c> format, version 1.0, for float32 vectors and matrices (<c>numpy.load</c> reads them).</summary>
public static class NpyFormat
{
    private const int Alignment = 64;

    /// <summary>The <c>.npy</c> file of a vector: little-endian float32, shape <c>[n]</c>.</summary>
    public static byte[] Write(ReadOnlySpan<float> vector)
        => Write(vector, string.Create(CultureInfo.InvariantCulture, $"{vector.Length},"));

    /// <summary>The <c>.npy</c> file of a matrix: little-endian float32, shape <c>[n, dimension]</c>.</summary>
    public static byte[] Write(EmbeddingMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return Write(matrix.Values.Span, string.Create(CultureInfo.InvariantCulture, $"{matrix.Count}, {matrix.Dimension}"));
    }

    private static byte[] Write(ReadOnlySpan<float> vector, string shape)
    {
        string description = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}";
        const int Prefix = 10;
        int headerLength = (Prefix + description.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] file = new byte[headerLength + (vector.Length * sizeof(float))];
        file[0] = 0x93;
        "NUMPY"u8.CopyTo(file.AsSpan(1));
        file[6] = 1;
        file[7] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), (ushort)(headerLength - Prefix));
        file.AsSpan(Prefix, headerLength - Prefix).Fill((byte)' ');
        Encoding.ASCII.GetBytes(description, file.AsSpan(Prefix));
        file[headerLength - 1] = (byte)'\n';
        Span<byte> body = file.AsSpan(headerLength);
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(vector).CopyTo(body);
        }
        else
        {
            for (int i = 0; i < vector.Length; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(body[(i * sizeof(float))..], vector[i]);
            }
        }

        return file;
    }
}
