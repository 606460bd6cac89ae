namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// HTML character references: Python's <c>html.unescape</c> (HTML5's table, longest prefix, Windows-1252 for the numbers 128 to
/// 159), and ftfy's more careful <c>unescape_html</c>.
/// </summary>
internal static class HtmlEntities
{
    private const int LongestName = 33;
    private const int LongestFtfyName = 24;

    private static readonly Dictionary<string, int[]> Html5 = new(StringComparer.Ordinal);
    private static readonly Dictionary<string, int[]> FtfyOnly = new(StringComparer.Ordinal);
    private static readonly int LongestBareName;

    static HtmlEntities()
    {
        foreach ((string name, string values) in DataTable.Read("html-entities.txt"))
        {
            int[] text = DataTable.Sequence(values);
            if (name[0] == '!')
            {
                FtfyOnly.Add(name[1..], text);
            }
            else
            {
                Html5.Add(name, text);
                if (!name.EndsWith(';'))
                {
                    LongestBareName = Math.Max(LongestBareName, name.Length);
                }
            }
        }
    }

    /// <summary><c>html.unescape</c>, in place.</summary>
    public static void Unescape(CodePointBuffer text, CodePointBuffer scratch)
    {
        ReadOnlySpan<int> input = text.Span;
        if (!input.Contains('&'))
        {
            return;
        }

        scratch.Clear();
        for (int i = 0; i < input.Length;)
        {
            if (input[i] != '&')
            {
                scratch.Add(input[i++]);
                continue;
            }

            int length = ReadReference(input[(i + 1)..], scratch);
            if (length == 0)
            {
                scratch.Add('&');
            }

            i += 1 + length;
        }

        text.Swap(scratch);
    }

    /// <summary><c>ftfy.fixes.unescape_html</c>: only whole references that end in a semicolon, and some in capitals. In place.</summary>
    public static void UnescapeUnambiguous(CodePointBuffer text, CodePointBuffer scratch)
    {
        ReadOnlySpan<int> input = text.Span;
        scratch.Clear();
        for (int i = 0; i < input.Length;)
        {
            int length = input[i] == '&' ? ReadUnambiguous(input[(i + 1)..], scratch) : 0;
            if (length == 0)
            {
                scratch.Add(input[i++]);
            }

            i += length;
        }

        text.Swap(scratch);
    }

    // &#?[0-9A-Za-z]{1,24}; after the ampersand. Returns the length with the ampersand, or 0 where the text stays as it is.
    private static int ReadUnambiguous(ReadOnlySpan<int> text, CodePointBuffer to)
    {
        int start = text.Length > 0 && text[0] == '#' ? 1 : 0;
        int end = start;
        while (end < text.Length && end - start <= LongestFtfyName && IsAsciiLetterOrDigit(text[end]))
        {
            end++;
        }

        if (end == start || end - start > LongestFtfyName || end >= text.Length || text[end] != ';')
        {
            return 0;
        }

        if (start == 1)
        {
            int length = ReadNumber(text, out int number);
            if (length != end + 1 || number == ';')
            {
                return 0;
            }

            AppendNumber(number, to);
            return end + 2;
        }

        Span<char> name = stackalloc char[LongestFtfyName + 1];
        for (int i = 0; i <= end; i++)
        {
            name[i] = (char)text[i];
        }

        if (!TryFind(Html5, name[..(end + 1)], out int[] found) && !TryFind(FtfyOnly, name[..(end + 1)], out found))
        {
            return 0;
        }

        to.AddRange(found);
        return end + 2;
    }

    // What follows an ampersand: appends what it means and returns its length, or returns 0.
    private static int ReadReference(ReadOnlySpan<int> text, CodePointBuffer to)
    {
        if (text.IsEmpty)
        {
            return 0;
        }

        if (text[0] == '#')
        {
            int read = ReadNumber(text, out int number);
            if (read > 0)
            {
                AppendNumber(number, to);
            }

            return read;
        }

        // [^\t\n\f <&#;]{1,32};?
        int length = 0;
        while (length < text.Length && length < LongestName - 1 && text[length] is not ('\t' or '\n' or '\f' or ' ' or '<' or '&' or '#' or ';'))
        {
            length++;
        }

        if (length == 0)
        {
            return 0;
        }

        if (length < text.Length && text[length] == ';')
        {
            length++;
        }

        Span<char> name = stackalloc char[LongestName];
        int ascii = 0;
        while (ascii < length && text[ascii] < 0x80)
        {
            name[ascii] = (char)text[ascii];
            ascii++;
        }

        if (ascii == length && TryFind(Html5, name[..length], out int[] whole))
        {
            to.AddRange(whole);
            return length;
        }

        // The longest name that it begins with; only names without a semicolon can be.
        for (int prefix = Math.Min(Math.Min(length - 1, ascii), LongestBareName); prefix >= 2; prefix--)
        {
            if (TryFind(Html5, name[..prefix], out int[] found))
            {
                to.AddRange(found);
                to.AddRange(text[prefix..length]);
                return length;
            }
        }

        to.Add('&');
        to.AddRange(text[..length]);
        return length;
    }

    // #[0-9]+;? or #[xX][0-9a-fA-F]+;? Returns its length, or 0. Numbers too large to matter count as 0x110000.
    private static int ReadNumber(ReadOnlySpan<int> text, out int number)
    {
        number = 0;
        bool hexadecimal = text.Length > 1 && text[1] is 'x' or 'X';
        int start = hexadecimal ? 2 : 1;
        int end = start;
        for (; end < text.Length; end++)
        {
            int digit = text[end] switch
            {
                >= '0' and <= '9' => text[end] - '0',
                >= 'a' and <= 'f' when hexadecimal => text[end] - 'a' + 10,
                >= 'A' and <= 'F' when hexadecimal => text[end] - 'A' + 10,
                _ => -1,
            };
            if (digit < 0)
            {
                break;
            }

            number = Math.Min((number * (hexadecimal ? 16 : 10)) + digit, 0x110000);
        }

        if (end == start)
        {
            return 0;
        }

        return end < text.Length && text[end] == ';' ? end + 1 : end;
    }

    private static void AppendNumber(int number, CodePointBuffer to)
    {
        switch (number)
        {
            case 0 or (>= 0xD800 and <= 0xDFFF) or > 0x10FFFF:
                to.Add(0xFFFD);
                break;
            case '\r':
                to.Add('\r');
                break;
            case >= 0x80 and <= 0x9F:
                to.Add(MojibakeTables.FromC1(number));
                break;
            case (>= 1 and <= 8) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or (>= 0xFDD0 and <= 0xFDEF):
            case int when (number & 0xFFFE) == 0xFFFE:
                // Code points that HTML forbids: nothing.
                break;
            default:
                to.Add(number);
                break;
        }
    }

    private static bool TryFind(Dictionary<string, int[]> names, ReadOnlySpan<char> name, out int[] text)
    {
        bool found = names.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out int[]? value);
        text = value ?? [];
        return found;
    }

    private static bool IsAsciiLetterOrDigit(int c) => c is (>= '0' and <= '9') or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');
}
