namespace ClipFunctions.Clip.Imaging;

/// <summary>A Huffman table of a JPEG, with an eight-bit look-ahead.</summary>
internal sealed class JpegHuffmanTable
{
    private readonly byte[] _symbols;
    private readonly ushort[] _lookup = new ushort[256];
    private readonly int[] _maxCode = new int[18];
    private readonly int[] _offset = new int[17];

    /// <summary>Builds the table.</summary>
    /// <param name="counts">Number of codes of each length from 1 to 16.</param>
    /// <param name="symbols">Their symbols.</param>
    public JpegHuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        _symbols = symbols.ToArray();
        int code = 0;
        for (int length = 1, p = 0; length <= 16; length++, code <<= 1)
        {
            _offset[length] = p - code;
            for (int i = 0; i < counts[length - 1]; i++, p++, code++)
            {
                if (code >= 1 << length)
                {
                    throw new CorruptImageException(ImageFormat.Jpeg, "a Huffman table has more codes than fit");
                }

                if (length <= 8)
                {
                    _lookup.AsSpan(code << (8 - length), 1 << (8 - length)).Fill((ushort)(length << 8 | symbols[p]));
                }
            }

            _maxCode[length] = counts[length - 1] == 0 ? -1 : code - 1;
        }

        _maxCode[17] = int.MaxValue;
    }

    /// <summary>Whether all symbols can be lengths of DC differences.</summary>
    public bool FitsDc => !_symbols.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)15);

    /// <summary>Reads one symbol; 0 for a code that is none, as libjpeg does.</summary>
    public int Decode(ref JpegBitReader bits)
    {
        int found = _lookup[bits.Peek8()];
        if (found != 0)
        {
            bits.Skip(found >> 8);
            return found & 0xFF;
        }

        int length = 9;
        int code = bits.Read(9);
        while (code > _maxCode[length])
        {
            if (++length > 16)
            {
                bits.Skip(1);
                return 0;
            }

            code = code << 1 | bits.Read(1);
        }

        return _symbols[code + _offset[length]];
    }
}
