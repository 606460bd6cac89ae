using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ClipFunctions.Testing;

/// <summary>Reads NumPy's <c>.npy</c> files (versions 1 to 3, little-endian, C order).</summary>
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
        if (!match.Success || match.Groups["order"].Value == "True" || match.Groups["type"].Value[0] == '>')
        {
            throw new InvalidDataException($"A NumPy array that is not read here: {header}");
        }

        int[] shape = [.. match.Groups["shape"].Value
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        return new NpyArray(match.Groups["type"].Value, shape, file[(start + length)..].ToArray());
    }

    [GeneratedRegex(@"'descr':\s*'(?<type>[^']+)',\s*'fortran_order':\s*(?<order>True|False),\s*'shape':\s*\((?<shape>[^)]*)\)")]
    private static partial Regex Header();
}
