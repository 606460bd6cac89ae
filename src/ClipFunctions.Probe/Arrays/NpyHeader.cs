using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ClipFunctions.Probe.Arrays;

/// <summary>The header of an <c>.npy</c> array.</summary>
/// <param name="Type">The element type, for example <c>&lt;f4</c>.</param>
/// <param name="FortranOrder">Whether the first index runs fastest.</param>
/// <param name="Shape">The lengths, each 0 or more.</param>
internal sealed partial record NpyHeader(string Type, bool FortranOrder, IReadOnlyList<long> Shape)
{
    private const int Alignment = 64;
    private const int PrefixLength = 8;
    private const int LongestHeader = 4096;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a header of version 1.0 to 3.0; the stream then stands at the elements.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static NpyHeader Read(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength + sizeof(uint)];
        Fill(stream, prefix[..PrefixLength]);
        if (!prefix.StartsWith(Magic))
        {
            throw new InvalidDataException("No NumPy array: the magic bytes are missing.");
        }

        (byte major, byte minor) = (prefix[6], prefix[7]);
        if (major is < 1 or > 3 || minor != 0)
        {
            throw new InvalidDataException(Text($"A NumPy array of version {major}.{minor}; 1.0 to 3.0 are read."));
        }

        Span<byte> lengthBytes = prefix.Slice(PrefixLength, major == 1 ? sizeof(ushort) : sizeof(uint));
        Fill(stream, lengthBytes);
        uint length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes) : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > LongestHeader)
        {
            throw new InvalidDataException(Text($"The NumPy array's header has {length} bytes; up to {LongestHeader} are read."));
        }

        byte[] header = new byte[length];
        Fill(stream, header);
        return Parse(Encoding.Latin1.GetString(header));
    }

    /// <summary>The prefix and header as NumPy writes them: version 1.0, padded to 64 bytes.</summary>
    public byte[] ToBytes()
    {
        string shape = Shape.Count == 1 ? Text($"{Shape[0]},") : string.Join(", ", Shape.Select(length => Text($"{length}")));
        string description = $"{{'descr': '{Type}', 'fortran_order': {(FortranOrder ? "True" : "False")}, 'shape': ({shape}), }}";
        const int Prefix = PrefixLength + sizeof(ushort);
        int length = (Prefix + description.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill((byte)' ');
        Magic.CopyTo(bytes);
        (bytes[6], bytes[7]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(PrefixLength), (ushort)(length - Prefix));
        Encoding.ASCII.GetBytes(description, bytes.AsSpan(Prefix));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    /// <inheritdoc/>
    public override string ToString() => $"'{Type}' of shape ({string.Join(", ", Shape)}) in {(FortranOrder ? "Fortran" : "C")} order";

    private static NpyHeader Parse(string text)
    {
        Match match = Dictionary().Match(text);
        List<long> shape = [];
        bool whole = match.Success && match.Groups["key"].Captures.Select(key => key.Value).Distinct().Count() == 3;
        foreach (Capture length in match.Groups["length"].Captures)
        {
            whole &= long.TryParse(length.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out long value);
            shape.Add(value);
        }

        return whole
            ? new NpyHeader(match.Groups["type"].Value, match.Groups["order"].Value == "True", shape)
            : throw new InvalidDataException($"The header of the NumPy array is damaged: {Shown(text)}");
    }

    private static string Shown(string text) => new([.. text.Take(100).Select(c => c is >= ' ' and <= '~' ? c : '?')]);

    private static void Fill(Stream stream, Span<byte> bytes)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new InvalidDataException("The NumPy array ends in its header.");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(
        """
        ^\s*\{(?:\s*(?<quote>['"])(?:
            (?<key>descr)\k<quote>\s*:\s*(?<q>['"])(?<type>[<>|=]?[A-Za-z?][0-9]{0,9})\k<q>
          | (?<key>fortran_order)\k<quote>\s*:\s*(?<order>True|False)
          | (?<key>shape)\k<quote>\s*:\s*\(\s*(?:(?<length>[0-9]{1,18})\s*,\s*)*(?<length>[0-9]{1,18})?\s*\)
        )\s*(?:,|(?=\}))){3}\s*\}\s*$
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Dictionary();
}
