using System.Buffers;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// openai/CLIP's cleaning of a text: <c>whitespace_clean(basic_clean(text)).lower()</c>, that is <c>ftfy.fix_text</c>,
/// <c>html.unescape</c> twice, <c>strip</c>, white space to single spaces, lower case.
/// </summary>
internal static class TextCleaner
{
    private const int WordMark = 0x2581;

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

    /// <summary>Cleans a text into a buffer, in one of the ways that SentencePiece models want.</summary>
    public static void Clean(ReadOnlySpan<char> text, TextCleaning cleaning, CodePointBuffer clean)
    {
        clean.Clear();
        using CodePointBuffer scratch = new(text.Length + 1);
        switch (cleaning)
        {
            case TextCleaning.None:
                clean.AddUtf16(text);
                break;

            case TextCleaning.Lowercase:
                scratch.AddUtf16(text);
                AppendLowerEach(scratch.Span, clean);
                break;

            case TextCleaning.Siglip:
                // The word mark goes before the text itself, so that strip() leaves a leading space; a mark within is taken for a space.
                scratch.Add(WordMark);
                scratch.AddUtf16(text);
                AppendLowerEach(scratch.Span, clean);
                clean.WritableSpan[1..].Replace(WordMark, ' ');
                RemovePunctuation(clean);
                scratch.CopyFrom(clean.Span);
                JoinWords(scratch.Span, clean);
                break;

            default:
                clean.AddUtf16(text);
                TextFixer.Fix(clean);
                HtmlEntities.Unescape(clean, scratch);
                HtmlEntities.Unescape(clean, scratch);
                if (cleaning == TextCleaning.Canonicalize)
                {
                    clean.WritableSpan.Replace('_', ' ');
                    RemovePunctuation(clean);
                }

                JoinWords(clean.Span, scratch);
                clean.Clear();
                if (cleaning == TextCleaning.Whitespace)
                {
                    clean.AddRange(scratch.Span);
                }
                else
                {
                    CharacterTables.AppendLower(scratch.Span, clean);
                }

                break;
        }
    }

    // Python's string.punctuation.
    private static void RemovePunctuation(CodePointBuffer text)
    {
        int kept = 0;
        foreach (int c in text.Span)
        {
            if (c is <= ' ' or >= 0x7F || char.IsAsciiLetterOrDigit((char)c))
            {
                text.WritableSpan[kept++] = c;
            }
        }

        text.Truncate(kept);
    }

    // " ".join(text.split())
    private static void JoinWords(ReadOnlySpan<int> text, CodePointBuffer to)
    {
        to.Clear();
        bool inSpace = false;
        foreach (int c in Strip(text))
        {
            if (!CharacterTables.IsSpace(c))
            {
                to.Add(c);
                inSpace = false;
            }
            else if (!inSpace)
            {
                to.Add(' ');
                inSpace = true;
            }
        }
    }

    // Hugging Face lowers each character alone, so that no sigma is final.
    private static void AppendLowerEach(ReadOnlySpan<int> text, CodePointBuffer to)
    {
        for (int i = 0; i < text.Length; i++)
        {
            CharacterTables.AppendLower(text.Slice(i, 1), to);
        }
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
