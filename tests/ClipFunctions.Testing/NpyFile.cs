using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ClipFunctions.Testing;

/// <summary>Reads NumPy's <c>.npy</c> files (versions 1 to 3, little-endian; a Fortran-ordered matrix is turned into C order).</summary>
public static partial class NpyFile
{
    /// <summary>Reads a file.</summary>
    public static NpyArray Read(string path) => Parse(File.ReadAllBytes(path));

    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such file.</exception>
    public static NpyArray Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12 || file[0] != 0x93 || !file[1..].StartsWith("NUMPY"u8))
        {
            throw new InvalidDataException("No NumPy array: the magic bytes are missing.");
        }

        int start = file[6] == 1 ? 10 : 12;
        int length = file[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file[8..]) : BinaryPrimitives.ReadInt32LittleEndian(file[8..]);
        string header = Encoding.UTF8.GetString(file.Slice(start, length));
        Match match = Header().Match(header);
        if (!match.Success || match.Groups["type"].Value[0] == '>')
        {
            throw new InvalidDataException($"A NumPy array that is not read here: {header}");
        }

        int[] shape = [.. match.Groups["shape"].Value
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        byte[] data = file[(start + length)..].ToArray();
        return new NpyArray(match.Groups["type"].Value, shape, match.Groups["order"].Value == "True" && shape.Length > 1 ? Transpose(data, shape) : data);
    }

    private static byte[] Transpose(byte[] data, int[] shape)
    {
        if (shape.Length != 2 || data.Length == 0)
        {
            throw new InvalidDataException($"A Fortran-ordered array of {shape.Length} dimensions is not read here.");
        }

        int size = data.Length / (shape[0] * shape[1]);
        byte[] result = new byte[data.Length];
        for (int row = 0; row < shape[0]; row++)
        {
            for (int column = 0; column < shape[1]; column++)
            {
                data.AsSpan(((column * shape[0]) + row) * size, size).CopyTo(result.AsSpan(((row * shape[1]) + column) * size));
            }
        }

        return result;
    }

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']+)',\s*'fortran_order':\s*(?<order>True|False),\s*'shape':\s*\((?<shape>[^)]*)\)")]
    private static partial Regex Header();
}
