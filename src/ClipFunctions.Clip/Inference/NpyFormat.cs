using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ClipFunctions.Clip.Inference;

/// <summary>NumPy's <c>.npy</c> format for float32 vectors and matrices: writes version 1.0, reads 1.0 to 3.0.</summary>
public static class NpyFormat
{
    private const int Alignment = 64;
    private const int PrefixLength = 8;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The <c>.npy</c> file of a vector: little-endian float32, shape <c>[n]</c>.</summary>
    public static byte[] Write(ReadOnlySpan<float> vector)
        => Write(vector, string.Create(CultureInfo.InvariantCulture, $"{vector.Length},"));

    /// <summary>The <c>.npy</c> file of a matrix: little-endian float32, shape <c>[n, dimension]</c>.</summary>
    public static byte[] Write(EmbeddingMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return Write(matrix.Values.Span, string.Create(CultureInfo.InvariantCulture, $"{matrix.Count}, {matrix.Dimension}"));
    }

    /// <summary>Reads a file of little-endian float32 in C order: shape <c>[n]</c> gives one row, <c>[n, dimension]</c> n rows.</summary>
    /// <param name="file">The whole file. No more memory is taken than it has bytes.</param>
    /// <exception cref="InvalidDataException">The bytes are no such file; the message tells what is wrong.</exception>
    public static EmbeddingMatrix Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < PrefixLength || !file.StartsWith(Magic))
        {
            throw new InvalidDataException("No NumPy array: the magic bytes are missing.");
        }

        (byte major, byte minor) = (file[6], file[7]);
        if (major is < 1 or > 3 || minor != 0)
        {
            throw new InvalidDataException(Text($"A NumPy array of version {major}.{minor}; 1.0 to 3.0 are read."));
        }

        int start = PrefixLength + (major == 1 ? sizeof(ushort) : sizeof(uint));
        long length = file.Length < start ? 0
            : major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file[PrefixLength..])
            : BinaryPrimitives.ReadUInt32LittleEndian(file[PrefixLength..]);
        if (start + length > file.Length)
        {
            throw new InvalidDataException(Text($"The NumPy array ends in its header: {start + length} bytes are announced, there are {file.Length}."));
        }

        NpyHeader header = NpyHeader.Parse(file.Slice(start, (int)length));
        if (header.Descr != "<f4" || header.FortranOrder)
        {
            throw new InvalidDataException($"A NumPy array of '{header.Descr}' in {(header.FortranOrder ? "Fortran" : "C")} order; only '<f4' in C order is read.");
        }

        (long count, long dimension) = header.Shape switch
        {
            [var n] => (1, n),
            [var n, var d] => (n, d),
            _ => throw new InvalidDataException(Text($"A NumPy array of {header.Shape.Count} dimensions; one or two are read.")),
        };
        ReadOnlySpan<byte> body = file[(start + (int)length)..];
        if (dimension is < 1 or > int.MaxValue || count > int.MaxValue || body.Length != (Int128)count * dimension * sizeof(float))
        {
            throw new InvalidDataException(Text($"{body.Length} bytes of numbers do not fit a NumPy array of shape ({string.Join(", ", header.Shape)})."));
        }

        float[] values = new float[body.Length / sizeof(float)];
        body.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        if (!BitConverter.IsLittleEndian)
        {
            Span<int> words = MemoryMarshal.Cast<float, int>(values.AsSpan());
            BinaryPrimitives.ReverseEndianness(words, words);
        }

        return new EmbeddingMatrix(values, (int)count, (int)dimension);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

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
