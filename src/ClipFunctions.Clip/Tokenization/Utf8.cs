using System.Text;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>UTF-8 between bytes and code points: the strict decoder of Python, and ftfy's codec <c>utf-8-variants</c>.</summary>
internal static class Utf8
{
    /// <summary>Encodes code points without surrogates; returns the number of bytes.</summary>
    public static int Encode(ReadOnlySpan<int> text, Span<byte> to)
    {
        int length = 0;
        foreach (int c in text)
        {
            if (c < 0x80)
            {
                to[length++] = (byte)c;
            }
            else
            {
                Rune rune = Rune.TryCreate(c, out Rune valid) ? valid : Rune.ReplacementChar;
                length += rune.EncodeToUtf8(to[length..]);
            }
        }

        return length;
    }

    /// <summary>Appends what the bytes say, or returns false if they are not UTF-8.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, CodePointBuffer to)
    {
        for (int i = 0; i < bytes.Length;)
        {
            if (bytes[i] < 0x80)
            {
                to.Add(bytes[i++]);
            }
            else if (Rune.DecodeFromUtf8(bytes[i..], out Rune rune, out int consumed) == System.Buffers.OperationStatus.Done)
            {
                to.Add(rune.Value);
                i += consumed;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// The same with CESU-8 surrogate pairs and Java's two-byte NUL (ftfy/bad_codecs/utf8_variants.py), down to its regular
    /// expression's <c>$</c>, which matches before a final line feed too.
    /// </summary>
    public static bool TryDecodeVariants(ReadOnlySpan<byte> bytes, CodePointBuffer to)
    {
        while (!bytes.IsEmpty)
        {
            int special = IndexOfSpecial(bytes);
            if (special < 0)
            {
                return TryDecode(bytes, to);
            }

            if (special > 0)
            {
                if (!TryDecode(bytes[..special], to))
                {
                    return false;
                }

                bytes = bytes[special..];
            }
            else if (bytes[0] == 0xC0)
            {
                if (bytes.Length < 2)
                {
                    return false;
                }

                to.Add(0);
                bytes = bytes[2..];
            }
            else if (bytes.Length >= 6 && IsCesuPair(bytes, 0))
            {
                to.Add(0x10000 + ((bytes[1] & 0x0F) << 16) + ((bytes[2] & 0x3F) << 10) + ((bytes[4] & 0x0F) << 6) + (bytes[5] & 0x3F));
                bytes = bytes[6..];
            }
            else
            {
                // A surrogate alone, or a truncated one.
                return false;
            }
        }

        return true;
    }

    private static int IndexOfSpecial(ReadOnlySpan<byte> bytes)
    {
        int i = 0;
        while (bytes[i..].IndexOfAny((byte)0xC0, (byte)0xED) is int offset and >= 0)
        {
            i += offset;
            bool special = bytes[i] == 0xC0
                ? Step(bytes, i + 1, 0x80, 0x80) >= 0
                : IsCesuPair(bytes, i) || IsSurrogate(bytes, i);
            if (special)
            {
                return i;
            }

            i++;
        }

        return -1;
    }

    private static bool IsCesuPair(ReadOnlySpan<byte> bytes, int i)
    {
        i = Step(bytes, i + 1, 0xA0, 0xAF);
        i = i < 0 ? i : Step(bytes, i, 0x80, 0xBF);
        i = i < 0 ? i : Step(bytes, i, 0xED, 0xED);
        i = i < 0 ? i : Step(bytes, i, 0xB0, 0xBF);
        return i >= 0 && Step(bytes, i, 0x80, 0xBF) >= 0;
    }

    private static bool IsSurrogate(ReadOnlySpan<byte> bytes, int i)
    {
        i = Step(bytes, i + 1, 0xA0, 0xBF);
        return i >= 0 && Step(bytes, i, 0x80, 0xBF) >= 0;
    }

    // ([first-last]|$): the place after it, or -1.
    private static int Step(ReadOnlySpan<byte> bytes, int i, byte first, byte last)
    {
        if (i < bytes.Length && bytes[i] >= first && bytes[i] <= last)
        {
            return i + 1;
        }

        bool atEnd = i == bytes.Length || (i == bytes.Length - 1 && bytes[i] == '\n');
        return atEnd ? i : -1;
    }
}
