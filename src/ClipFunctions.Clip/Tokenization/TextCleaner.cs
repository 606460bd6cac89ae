using System.Buffers;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// openai/CLIP's cleaning of a text: <c>whitespace_clean(basic_clean(text)).lower()</c>, that is <c>ftfy.fix_text</c>,
/// <c>html.unescape</c> twice, <c>strip</c>, white space to single spaces, lower case.
/// </summary>
internal static class TextCleaner
{
    // Printable ASCII, and the white space of ASCII that becomes a space either way. Everything else may be work for ftfy.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c != '&'), '\t', '\n', '\f', '\r']);

    /// <summary>
    /// Whether cleaning could only lower ASCII letters and merge white space, which makes no difference to the words then found:
    /// printable ASCII in which no ampersand can begin a character reference.
    /// </summary>
    public static bool NeedsNoCleaning(ReadOnlySpan<char> text)
    {
        while (true)
        {
            int index = text.IndexOfAnyExcept(Plain);
            if (index < 0)
            {
                return true;
            }

            if (text[index] != '&')
            {
                return false;
            }

            text = text[(index + 1)..];
            if (!text.IsEmpty && text[0] is not (' ' or '\t' or '\n' or '\f' or '\r' or '<' or '&' or ';'))
            {
                return false;
            }
        }
    }

    /// <summary>Cleans a text into a buffer.</summary>
    public static void Clean(ReadOnlySpan<char> text, CodePointBuffer clean)
    {
        clean.Clear();
        clean.AddUtf16(text);
        TextFixer.Fix(clean);
        using CodePointBuffer scratch = new(clean.Count);
        HtmlEntities.Unescape(clean, scratch);
        HtmlEntities.Unescape(clean, scratch);

        CleanWhiteSpace(clean, scratch);
        clean.Clear();
        CharacterTables.AppendLower(scratch.Span, clean);
    }

    private static void CleanWhiteSpace(CodePointBuffer text, CodePointBuffer to)
    {
        // strip() knows U+001C to U+001F as white space, the regex module's \s does not.
        to.Clear();
        bool inSpace = false;
        foreach (int c in Strip(text.Span))
        {
            bool isSpace = CharacterTables.KindOf(c) == CharacterKind.Space;
            if (!isSpace)
            {
                to.Add(c);
            }
            else if (!inSpace)
            {
                to.Add(' ');
            }

            inSpace = isSpace;
        }

        ReadOnlySpan<int> stripped = Strip(to.Span);
        text.CopyFrom(stripped);
        to.Swap(text);
    }

    private static ReadOnlySpan<int> Strip(ReadOnlySpan<int> text)
    {
        int start = 0;
        while (start < text.Length && CharacterTables.IsSpace(text[start]))
        {
            start++;
        }

        int end = text.Length;
        while (end > start && CharacterTables.IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }
}
