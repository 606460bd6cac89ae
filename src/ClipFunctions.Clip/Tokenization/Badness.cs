using static ClipFunctions.Clip.Tokenization.MojibakeCategories;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// ftfy's heuristic of what looks like mojibake: sequences of characters that people hardly write (BADNESS_RE of ftfy/badness.py).
/// Written out instead of as a regular expression, so that time is linear and .NET's character classes have no say.
/// </summary>
internal static class Badness
{
    private const MojibakeCategories Accented = LowerAccented | UpperAccented;
    private const MojibakeCategories BesideBad = Accented | Box | Start | End | Currency | Numeric | Law;

    /// <summary>Whether a text holds such a sequence.</summary>
    public static bool IsBad(ReadOnlySpan<int> text)
    {
        MojibakeCategories second = text.Length > 0 ? MojibakeTables.CategoriesOf(text[0]) : None;
        for (int i = 0; i < text.Length; i++)
        {
            MojibakeCategories first = second;
            second = i + 1 < text.Length ? MojibakeTables.CategoriesOf(text[i + 1]) : None;

            // Every sequence has a character of some category in its first or second place.
            if ((first | second) != 0 && IsBadAt(text, i, first, second))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsBadAt(ReadOnlySpan<int> text, int i, MojibakeCategories first, MojibakeCategories second)
    {
        int c = text[i];
        if (Has(first, C1))
        {
            return true;
        }

        if (i + 1 >= text.Length)
        {
            return false;
        }

        int d = text[i + 1];
        if (IsBadPair(c, d, first, second) || (c is 0xC3 or 0xC2 && d == ' ' && IsAfterWordOrStart(text[..i])))
        {
            return true;
        }

        if (i + 2 >= text.Length)
        {
            return false;
        }

        int e = text[i + 2];
        return IsBadTriple(c, d, e, first, second, MojibakeTables.CategoriesOf(e)) || IsBadLonger(text[i..]);
    }

    // What stands before an Â or Ã with a space after it: nothing, or a lower-case letter and perhaps a space.
    private static bool IsAfterWordOrStart(ReadOnlySpan<int> before) =>
        before.IsEmpty
        || IsAsciiLower(before[^1])
        || (before.Length > 1 && IsAsciiLower(before[^2]) && CharacterTables.IsSpace(before[^1]));

    private static bool IsBadPair(int c, int d, MojibakeCategories first, MojibakeCategories second)
    {
        if ((Has(first, Bad | BesideBad) && Has(second, Bad))
            || (Has(first, Bad) && Has(second, BesideBad))
            || (Has(first, LowerAccented | LowerCommon | Box | End | Currency | Numeric) && Has(second, UpperAccented))
            || (Has(first, Box | End | Currency | Numeric) && Has(second, LowerAccented))
            || (Has(first, LowerAccented | Box | End) && Has(second, Currency))
            || (Has(first, UpperAccented | Box) && Has(second, Numeric | Law))
            || (Has(first, Currency | Numeric | Box) && Has(second, Start))
            || (Has(first, Box) && Has(second, Kaomoji | End))
            || (Has(first, Accented | Currency | Numeric | Start | End | Law) && Has(second, Box))
            || (Has(first, UpperAccented) && d == 0xB0))
        {
            return true;
        }

        return c switch
        {
            // œ not before a plain Latin letter
            0x152 or 0x153 => !IsAsciiLetter(d),
            0xC2 or 0xC3 or 0xCE or 0xD0 when Has(second, Start | End)
                || d is 0x20AC or 0x153 or 0x160 or 0x161 or 0xA2 or 0xA3 or 0x178 or 0x17E or 0xA0 or 0xAD or 0xAE or 0xA9 or 0xB0
                    or 0xB7 or 0xBB or 0x2013 or 0x2014 or 0xB4 => true,
            0xC3 => d is 0xA0 or 0xA1,
            0xD7 => d is 0xB2 or 0xB3,
            0xE0 => d is 0xB2 or 0xB5 or 0xB9 or 0xBC or 0xBD or 0xBE,

            // MacRoman
            0x221A => d is 0xB1 or 0x2202 or 0x2020 or 0x2260 or 0xAE or 0x2122 or 0xB4 or 0x2264 or 0x2265 or 0xA5 or 0xB5 or 0xF8,
            0x2248 => d is 0xB0 or 0xA2,

            // Windows-1251, Windows-1257
            0x432 => d == 0x402,
            0x101 => d == 0x20AC,
            _ => false,
        };
    }

    private static bool IsBadTriple(int c, int d, int e, MojibakeCategories first, MojibakeCategories second, MojibakeCategories third)
    {
        if ((IsAsciiLetter(c) && Has(second, LowerCommon | UpperCommon) && Has(third, Bad))
            || (Has(second, UpperAccented) && Has(third, Currency) && CharacterTables.IsSpace(c))
            || (Has(first, Accented | Box | Currency | End) && Has(second, Start) && Has(third, Numeric))
            || (Has(first, Accented | Currency | Numeric | Box | Law) && Has(second, End) && Has(third, Start))
            || (IsAsciiLower(c) && Has(second, UpperAccented) && Has(third, Start | Currency))
            || (Has(first, Accented) && Has(second, Start | End) && CharacterTables.IsWord(e)))
        {
            return true;
        }

        // Â between equals
        if (d == 0xC2 && (IsAsciiLower(c) || c is '.' or ',' or '?' or '!' || Has(first, End)) && (e == ' ' || Has(third, Start | End)))
        {
            return true;
        }

        return c switch
        {
            // MacRoman
            0x201A when d == 0xC4 => e is 0xEC or 0xEE or 0xEF or 0xF2 or 0xF4 or 0xFA or 0xF9 or 0xFB or 0x2020 or 0xB0 or 0xA2 or 0x3C0,
            0x201A when d is 0xE2 or 0xF3 => e is 0xE0 or 0xE4 or 0xB0 or 0xEA,

            // Windows-1251 and Windows-1253
            0x412 or 0x413 or 0x420 or 0x421 => e is 0x412 or 0x413 or 0x420 or 0x421
                && (Has(second, C1 | Bad | Start | End | Currency) || d is 0xB0 or 0xB5),
            0x392 or 0x393 or 0x39E or 0x39F => e is 0x392 or 0x393 or 0x39E or 0x39F
                && (Has(second, C1 | Bad | Start | End | Currency) || d == 0xB0),
            0x3B2 when d == 0x20AC => e is 0x2122 or 0xA0 or 0x386 or 0xAD or 0xAE or 0xB0,
            _ => false,
        };
    }

    private static bool IsBadLonger(ReadOnlySpan<int> text)
    {
        if (text.Length < 4)
        {
            return false;
        }

        // Arabic in Windows-1252
        if (text[0] is 0xD8 or 0xD9 && text[2] is 0xD8 or 0xD9 && FollowsArabicLead(text[1]) && FollowsArabicLead(text[3]))
        {
            return true;
        }

        // Windows-1251 upon Latin-1 upon Windows-1252
        return text.Length >= 7
            && text[0] == 0x413 && text[1] == 0x45E && text[2] == 0x412 && text[3] == 0x402 && text[4] == 0x412 && text[5] != '\n'
            && (text[6] == ' ' || IsAsciiLetter(text[6]));
    }

    private static bool FollowsArabicLead(int c) =>
        Has(MojibakeTables.CategoriesOf(c), Common | Currency | Bad | Numeric | Start) || c is 0x178 or 0x160 or 0xAE or 0xB0 or 0xB5 or 0xBB;

    private static bool Has(MojibakeCategories categories, MojibakeCategories any) => (categories & any) != 0;

    private static bool IsAsciiLower(int c) => c is >= 'a' and <= 'z';

    private static bool IsAsciiLetter(int c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');
}
