using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ClipFunctions.Clip.Imaging;

/// <summary>A Huffman table of a JPEG, in pooled memory, with a look-ahead that tells short codes together with the numbers behind them.</summary>
internal sealed class JpegHuffmanTable : IDisposable
{
    /// <summary>Bits that are looked up at once.</summary>
    public const int LookAhead = 9;

    /// <summary>Bits that a code takes that is none: libjpeg ends its search one behind the longest.</summary>
    public const int LongestCode = 17;

    private const int MaxCodeAt = 1 << LookAhead;
    private const int OffsetAt = MaxCodeAt + 18;
    private const int SymbolsAt = OffsetAt + 17;

    private int[]? _table = ArrayPool<int>.Shared.Rent(SymbolsAt + 256);

    /// <summary>Builds the table.</summary>
    /// <param name="counts">Number of codes of each length from 1 to 16.</param>
    /// <param name="symbols">Their symbols, at most 256.</param>
    public JpegHuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        Span<int> table = _table;
        Span<int> lookup = table[..(1 << LookAhead)];
        lookup.Clear();
        for (int i = 0; i < symbols.Length; i++)
        {
            table[SymbolsAt + i] = symbols[i];
        }

        int code = 0;
        for (int length = 1, p = 0; length <= 16; length++, code <<= 1)
        {
            table[OffsetAt + length] = p - code;
            for (int i = 0; i < counts[length - 1]; i++, p++, code++)
            {
                if (code >= 1 << length)
                {
                    Dispose();
                    throw new CorruptImageException(ImageFormat.Jpeg, "a Huffman table has more codes than fit");
                }

                if (length <= LookAhead)
                {
                    FillIn(lookup.Slice(code << (LookAhead - length), 1 << (LookAhead - length)), length, symbols[p]);
                }
            }

            table[MaxCodeAt + length] = counts[length - 1] == 0 ? -1 : code - 1;
        }

        table[MaxCodeAt + LongestCode] = int.MaxValue;
        FitsDc = !symbols.ContainsAnyExceptInRange((byte)0, (byte)15);
    }

    /// <summary>Whether all symbols can be lengths of DC differences.</summary>
    public bool FitsDc { get; }

    /// <summary>
    /// What the next <see cref="LookAhead"/> bits say, from the lowest bit: 4 bits, how many to take; 4 bits, how many of them are the code, 0 where it is longer;
    /// 8 bits, the symbol; 16 bits, the number behind the code, or 0 where that is not among these bits.
    /// </summary>
    public ref int Lookup => ref MemoryMarshal.GetArrayDataReference(_table!);

    /// <summary>Reads one symbol; 0 for a code that is none, as libjpeg does.</summary>
    public int Decode(ref JpegBitReader bits)
    {
        int found = Unsafe.Add(ref Lookup, bits.Peek(LookAhead));
        int known = (found >> 4) & 15;
        if (known is > 0 and <= 8)
        {
            bits.Skip(known);
            return (found >> 8) & 0xFF;
        }

        ReadOnlySpan<int> table = _table;
        int length = 9;
        int code = bits.Read(9);
        while (code > table[MaxCodeAt + length])
        {
            if (++length > 16)
            {
                bits.Skip(1);
                return 0;
            }

            code = code << 1 | bits.Read(1);
        }

        return table[SymbolsAt + code + table[OffsetAt + length]];
    }

    /// <summary>A code that is longer than the look-ahead, from 64 bits of which at least 17 are true.</summary>
    /// <returns>The symbol shifted by 8, and the bits to take.</returns>
    public int DecodeLong(ulong bits)
    {
        ReadOnlySpan<int> table = _table;
        for (int length = LookAhead + 1; length <= 16; length++)
        {
            int code = (int)(bits >> (64 - length));
            if (code <= table[MaxCodeAt + length])
            {
                return table[SymbolsAt + code + table[OffsetAt + length]] << 8 | length;
            }
        }

        return LongestCode;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _table, null) is { } table)
        {
            ArrayPool<int>.Shared.Return(table);
        }
    }

    private static void FillIn(Span<int> entries, int length, int symbol)
    {
        int size = symbol & 15;
        int spare = LookAhead - length - size;
        int known = length << 4 | symbol << 8;
        if (size == 0 || spare < 0)
        {
            entries.Fill(known | length);
            return;
        }

        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = JpegBitReader.Extend(i >> spare, size) << 16 | known | (length + size);
        }
    }
}
