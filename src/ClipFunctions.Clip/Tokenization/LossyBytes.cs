namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// Bytes that would be UTF-8 if a program had not altered some of them: <c>restore_byte_a0</c> and
/// <c>replace_lossy_sequences</c> of ftfy 6.3.1 (ftfy/fixes.py, ftfy/chardata.py).
/// </summary>
internal static class LossyBytes
{
    /// <summary>Whether a space stands where byte a0 would make a likely UTF-8 sequence (ALTERED_UTF8_RE).</summary>
    public static bool HasAltered(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (AlteredLength(bytes[i..]) > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Turns such spaces back into a0, and the word à written as byte c3 with a space into both. Returns the length.</summary>
    public static int RestoreA0(ReadOnlySpan<byte> bytes, Span<byte> to)
    {
        int length = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            to[length++] = bytes[i];
            if (IsGraveWord(bytes[i..]))
            {
                to[length++] = 0xA0;
            }
        }

        Span<byte> all = to[..length];
        for (int i = 0; i < all.Length;)
        {
            int altered = AlteredLength(all[i..]);
            if (altered == 0)
            {
                i++;
                continue;
            }

            all.Slice(i, altered).Replace((byte)' ', (byte)0xA0);
            i += altered;
        }

        return length;
    }

    /// <summary>Writes U+FFFD for each sequence in which byte 1a (or ?) stands for a lost one (LOSSY_UTF8_RE). Returns the length.</summary>
    public static int ReplaceLost(ReadOnlySpan<byte> bytes, Span<byte> to)
    {
        int length = 0;
        for (int i = 0; i < bytes.Length;)
        {
            int lost = bytes[i] is 0x1A or >= 0xC2 ? LostLength(bytes[i..]) : 0;
            if (lost == 0)
            {
                to[length++] = bytes[i++];
                continue;
            }

            "\uFFFD"u8.CopyTo(to[length..]);
            length += 3;
            i += lost;
        }

        return length;
    }

    // \xc3 (?! |quele|quela|quilo|s )
    private static bool IsGraveWord(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 2 && bytes[0] == 0xC3 && bytes[1] == ' '
        && !(bytes[2..].StartsWith(" "u8) || bytes[2..].StartsWith("quele"u8) || bytes[2..].StartsWith("quela"u8)
            || bytes[2..].StartsWith("quilo"u8) || bytes[2..].StartsWith("s "u8));

    private static int AlteredLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2)
        {
            return 0;
        }

        byte a = bytes[0];
        byte b = bytes[1];
        if (a is 0xC2 or 0xC3 or 0xC5 or 0xCE or 0xD0 or 0xD9)
        {
            return b == ' ' ? 2 : 0;
        }

        if (a is >= 0xE0 and <= 0xE3 && bytes.Length >= 3)
        {
            byte c = bytes[2];
            return (a >= 0xE2 && b == ' ' && IsUnspaced(c)) || (IsUnspaced(b) && c == ' ') ? 3 : 0;
        }

        if (a == 0xF0 && bytes.Length >= 4)
        {
            byte c = bytes[2];
            byte d = bytes[3];
            bool altered = (b == ' ' && IsContinuation(c) && IsContinuation(d))
                || (IsContinuation(b) && c == ' ' && IsContinuation(d))
                || (IsContinuation(b) && IsContinuation(c) && d == ' ');
            return altered ? 4 : 0;
        }

        return 0;
    }

    private static bool IsContinuation(byte value) => value is >= 0x80 and <= 0xBF;

    // A continuation that is neither a0 nor 85, which are spaces to some program.
    private static bool IsUnspaced(byte value) => value is >= 0x80 and <= 0xBF and not 0x85 and not 0xA0;

    private static int LostLength(ReadOnlySpan<byte> s)
    {
        byte lead = s[0];
        if (lead is >= 0xC2 and <= 0xDF)
        {
            return s.Length >= 2 && (s[1] == 0x1A || (s[1] == '?' && lead <= 0xC3)) ? 2 : 0;
        }

        if (lead == 0xED && s.Length >= 6 && s[1] is >= 0xA0 and <= 0xAF && s[3] == 0xED && s[4] is >= 0xB0 and <= 0xBF
            && ((IsLost(s[2]) && (IsLost(s[5]) || IsContinuation(s[5]))) || ((IsLost(s[2]) || IsContinuation(s[2])) && IsLost(s[5]))))
        {
            return 6;
        }

        if (lead is >= 0xE0 and <= 0xEF)
        {
            return s.Length >= 3 && ((IsLost(s[1]) && IsKeptOrLost(s[2])) || (IsKeptOrLost(s[1]) && IsLost(s[2]))) ? 3 : 0;
        }

        if (lead is >= 0xF0 and <= 0xF4)
        {
            return s.Length >= 4
                && ((IsLost(s[1]) && IsKeptOrLost(s[2]) && IsKeptOrLost(s[3]))
                    || (IsKeptOrLost(s[1]) && IsLost(s[2]) && IsKeptOrLost(s[3]))
                    || (IsKeptOrLost(s[1]) && IsKeptOrLost(s[2]) && IsLost(s[3])))
                ? 4 : 0;
        }

        return lead == 0x1A ? 1 : 0;
    }

    private static bool IsLost(byte value) => value is 0x1A or (byte)'?';

    private static bool IsKeptOrLost(byte value) => value == 0x1A || IsContinuation(value);
}
