namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// <c>ftfy.fix_text</c> of ftfy 6.3.1 (Robyn Speer, Apache License 2.0) with its default configuration: each line by itself, all
/// steps again and again until nothing changes.
/// </summary>
internal static class TextFixer
{
    /// <summary>max_decode_length: a longer line is cut, in code points.</summary>
    private const int LongestSegment = 1_000_000;

    /// <summary>Fixes a text in place.</summary>
    public static void Fix(CodePointBuffer text)
    {
        WorkBudget budget = new(text.Count);
        using CodePointBuffer fixedText = new(text.Count);
        using CodePointBuffer segment = new();
        using CodePointBuffer original = new();
        using CodePointBuffer scratch = new();
        ReadOnlySpan<int> rest = text.Span;
        bool unescape = true;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf('\n') + 1;
            end = Math.Min(end == 0 ? rest.Length : end, LongestSegment);
            segment.CopyFrom(rest[..end]);
            rest = rest[end..];

            // From the first < on it is taken for HTML, whose references stay.
            unescape &= !segment.Span.Contains('<');
            FixSegment(segment, unescape, original, scratch, ref budget);
            fixedText.AddRange(segment.Span);
        }

        text.Swap(fixedText);
    }

    private static void FixSegment(CodePointBuffer text, bool unescape, CodePointBuffer original, CodePointBuffer scratch, ref WorkBudget budget)
    {
        // The first pass is always made; only the repetitions are bounded.
        for (bool again = true; again; again = budget.Spend(text.Count))
        {
            bool hasReferences = unescape && text.Span.Contains('&');
            CharacterTables.Properties properties = Survey(text.Span);
            if (!hasReferences && properties == CharacterTables.Properties.None)
            {
                return;
            }

            original.CopyFrom(text.Span);
            if (hasReferences)
            {
                HtmlEntities.UnescapeUnambiguous(text, scratch);
                properties = Survey(text.Span);
            }

            if ((properties & CharacterTables.Properties.Suspect) != 0)
            {
                Mojibake.Fix(text, ref budget);
                properties = Survey(text.Span);
            }

            if ((properties & CharacterTables.Properties.Fixed) != 0)
            {
                CharacterFixes.Apply(text, scratch);
                properties = Survey(text.Span);
            }

            if ((properties & CharacterTables.Properties.Unstable) != 0)
            {
                Normalizer.Compose(text, scratch);
            }

            if (text.Span.SequenceEqual(original.Span))
            {
                return;
            }
        }
    }

    // Which of the steps might find something to do.
    private static CharacterTables.Properties Survey(ReadOnlySpan<int> text)
    {
        CharacterTables.Properties all = CharacterTables.Properties.None;
        foreach (int c in text)
        {
            all |= CharacterTables.PropertiesOf(c);
        }

        return all & (CharacterTables.Properties.Suspect | CharacterTables.Properties.Fixed | CharacterTables.Properties.Unstable);
    }
}
