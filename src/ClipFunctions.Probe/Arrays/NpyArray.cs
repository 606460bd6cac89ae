using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace ClipFunctions.Probe.Arrays;

/// <summary>A NumPy array inside a <c>.npz</c> file.</summary>
/// <param name="Header">Its type and shape.</param>
/// <param name="Data">Its elements.</param>
internal sealed record NpyArray(NpyHeader Header, byte[] Data)
{
    private const long MostBytes = 1 << 28;
    private const int ReadBlock = 1 << 16;

    // The time stamp of every entry: files of the same content are the same.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Adds an array to a <c>.npz</c> file.</summary>
    public void Write(ZipArchive archive, string name)
    {
        ZipArchiveEntry entry = archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression);
        entry.LastWriteTime = Epoch;
        using Stream stream = entry.Open();
        stream.Write(Header.ToBytes());
        stream.Write(Data);
    }

    /// <summary>Reads an array of a <c>.npz</c> file. No more memory is taken than the file really holds, and 256 MiB at most.</summary>
    /// <exception cref="InvalidDataException">There is no such array, or it is damaged or too large.</exception>
    public static NpyArray Read(ZipArchive archive, string name)
    {
        ZipArchiveEntry[] entries = [.. archive.Entries.Where(entry => entry.FullName == name + ".npy")];
        if (entries.Length != 1)
        {
            throw new InvalidDataException(entries.Length == 0 ? $"There is no array '{name}' in the file." : $"There are {entries.Length} arrays '{name}' in the file.");
        }

        using Stream stream = entries[0].Open();
        NpyHeader header = NpyHeader.Read(stream);
        Int128 length = ElementSize(header.Type);
        foreach (long side in header.Shape)
        {
            length *= side;
            if (length > MostBytes)
            {
                throw new InvalidDataException($"The array '{name}', {header}, is larger than {MostBytes} bytes.");
            }
        }

        using MemoryStream data = new();
        byte[] block = new byte[ReadBlock];
        while (data.Length <= length)
        {
            int read = stream.Read(block, 0, (int)Int128.Min(block.Length, length + 1 - data.Length));
            if (read == 0)
            {
                break;
            }

            data.Write(block, 0, read);
        }

        return data.Length == length
            ? new NpyArray(header, data.ToArray())
            : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The array '{name}', {header}, has {(data.Length < length ? $"only {data.Length}" : "more than its")} bytes."));
    }

    /// <summary>A matrix or vector of float64.</summary>
    public static NpyArray FromDoubles(ReadOnlySpan<double> values, params long[] shape)
    {
        byte[] data = new byte[values.Length * sizeof(double)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(i * sizeof(double)), values[i]);
        }

        return new NpyArray(new NpyHeader("<f8", false, shape), data);
    }

    /// <summary>A vector of names: int64 where every one is a whole number as .NET writes it, else strings.</summary>
    public static NpyArray FromNames(IReadOnlyList<string> names)
    {
        long[] numbers = new long[names.Count];
        bool whole = true;
        for (int i = 0; i < names.Count && whole; i++)
        {
            whole = long.TryParse(names[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i])
                && numbers[i].ToString(CultureInfo.InvariantCulture) == names[i];
        }

        if (whole)
        {
            byte[] data = new byte[names.Count * sizeof(long)];
            for (int i = 0; i < names.Count; i++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(i * sizeof(long)), numbers[i]);
            }

            return new NpyArray(new NpyHeader("<i8", false, [names.Count]), data);
        }

        int longest = Math.Max(1, names.Max(name => name.EnumerateRunes().Count()));
        byte[] text = new byte[names.Count * longest * sizeof(uint)];
        for (int i = 0; i < names.Count; i++)
        {
            int at = i * longest * sizeof(uint);
            foreach (Rune rune in names[i].EnumerateRunes())
            {
                BinaryPrimitives.WriteInt32LittleEndian(text.AsSpan(at), rune.Value);
                at += sizeof(uint);
            }
        }

        return new NpyArray(new NpyHeader(string.Create(CultureInfo.InvariantCulture, $"<U{longest}"), false, [names.Count]), text);
    }

    /// <summary>The elements of a vector or matrix as float64 in C order.</summary>
    /// <exception cref="InvalidDataException">They are no floating-point numbers.</exception>
    public double[] ToDoubles()
    {
        int size = ElementSize(Header.Type);
        double[] values = new double[Data.Length / size];
        (int rows, int columns) = Header is { FortranOrder: true, Shape.Count: 2 } ? ((int)Header.Shape[0], (int)Header.Shape[1]) : (1, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> element = Data.AsSpan(((i % columns * rows) + (i / columns)) * size, size);
            values[i] = Header.Type switch
            {
                "<f8" => BinaryPrimitives.ReadDoubleLittleEndian(element),
                "<f4" => BinaryPrimitives.ReadSingleLittleEndian(element),
                "<f2" => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
                _ => throw new InvalidDataException($"An array of {Header}; floating-point numbers are read here."),
            };
        }

        return values;
    }

    /// <summary>The elements of a vector of whole numbers or strings.</summary>
    /// <exception cref="InvalidDataException">They are something else.</exception>
    public string[] ToNames()
    {
        if (Header.Shape.Count != 1)
        {
            throw new InvalidDataException($"Names in an array of {Header}; a vector is read.");
        }

        int size = ElementSize(Header.Type);
        string[] names = new string[Header.Shape[0]];
        for (int i = 0; i < names.Length; i++)
        {
            ReadOnlySpan<byte> element = Data.AsSpan(i * size, size);
            names[i] = Header.Type switch
            {
                "<i8" => Whole(BinaryPrimitives.ReadInt64LittleEndian(element)),
                "<i4" => Whole(BinaryPrimitives.ReadInt32LittleEndian(element)),
                "<u4" => Whole(BinaryPrimitives.ReadUInt32LittleEndian(element)),
                "<i2" => Whole(BinaryPrimitives.ReadInt16LittleEndian(element)),
                "<u2" => Whole(BinaryPrimitives.ReadUInt16LittleEndian(element)),
                "|i1" => Whole((sbyte)element[0]),
                "|u1" => Whole(element[0]),
                _ when Header.Type.StartsWith("<U", StringComparison.Ordinal) => String(element),
                _ => throw new InvalidDataException($"Names in an array of {Header}; whole numbers or strings ('<U…') are read, not Python objects."),
            };
        }

        return names;
    }

    private static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string String(ReadOnlySpan<byte> element)
    {
        StringBuilder text = new();
        int length = element.Length;
        while (length > 0 && BinaryPrimitives.ReadInt32LittleEndian(element[(length - sizeof(uint))..length]) == 0)
        {
            length -= sizeof(uint);
        }

        for (int at = 0; at < length; at += sizeof(uint))
        {
            int value = BinaryPrimitives.ReadInt32LittleEndian(element[at..]);
            if (!Rune.TryCreate(value, out Rune rune))
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"A name has the invalid code point {value:X}."));
            }

            text.Append(rune.ToString());
        }

        return text.ToString();
    }

    /// <summary>The bytes of an element; a number of the type string, in characters of four bytes for strings.</summary>
    private static int ElementSize(string type)
    {
        int digits = type.AsSpan().IndexOfAnyInRange('0', '9');
        return digits > 0
            && int.TryParse(type.AsSpan(digits), NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            && size is > 0 and < 1 << 20
            ? type.Contains('U', StringComparison.Ordinal) ? size * sizeof(uint) : size
            : throw new InvalidDataException($"An array of '{type}'; numbers and strings are read.");
    }
}
