namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// ftfy's fixes of single characters: C1 controls, Latin ligatures, full and half width, curly quotes, line breaks, surrogates,
/// terminal escapes and control characters, in this order (ftfy/fixes.py).
/// </summary>
internal static class CharacterFixes
{
    private const int Escape = 0x1B;

    private static readonly Dictionary<int, int[]> Replacements = MakeReplacements();

    /// <summary>The code points that are not left as they are.</summary>
    public static IEnumerable<int> AffectedCodePoints() => Replacements.Keys.Append('\r').Concat(Enumerable.Range(0xD800, 0x800));

    /// <summary>Applies all the fixes once.</summary>
    public static void Apply(CodePointBuffer text, CodePointBuffer scratch)
    {
        bool escapes = text.Span.Contains(Escape);
        scratch.Clear();
        ReadOnlySpan<int> input = text.Span;
        for (int i = 0; i < input.Length; i++)
        {
            int c = input[i];
            if ((CharacterTables.PropertiesOf(c) & CharacterTables.Properties.Fixed) == 0)
            {
                scratch.Add(c);
            }
            else if (c == '\r')
            {
                if (i + 1 >= input.Length || input[i + 1] != '\n')
                {
                    scratch.Add('\n');
                }
            }
            else if (c is >= 0xD800 and <= 0xDFFF)
            {
                if (c < 0xDC00 && i + 1 < input.Length && input[i + 1] is >= 0xDC00 and <= 0xDFFF)
                {
                    scratch.Add(0x10000 + ((c - 0xD800) << 10) + (input[++i] - 0xDC00));
                }
                else
                {
                    scratch.Add(0xFFFD);
                }
            }
            else if (escapes && Replacements[c].Length == 0)
            {
                // Control characters go after the terminal escapes that they may be a part of.
                scratch.Add(c);
            }
            else
            {
                scratch.AddRange(Replacements[c]);
            }
        }

        text.Swap(scratch);
        if (escapes)
        {
            RemoveEscapesAndControls(text, scratch);
        }
    }

    // ESC [ (digits and semicolons) letter
    private static void RemoveEscapesAndControls(CodePointBuffer text, CodePointBuffer scratch)
    {
        scratch.Clear();
        ReadOnlySpan<int> input = text.Span;
        for (int i = 0; i < input.Length; i++)
        {
            if (input[i] == Escape && i + 1 < input.Length && input[i + 1] == '[')
            {
                int end = i + 2;
                while (end < input.Length && (input[end] == ';' || CharacterTables.IsDigit(input[end])))
                {
                    end++;
                }

                if (end < input.Length && input[end] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z'))
                {
                    i = end;
                    continue;
                }
            }

            if (!Replacements.TryGetValue(input[i], out int[]? replacement) || replacement.Length != 0)
            {
                scratch.Add(input[i]);
            }
        }

        text.Swap(scratch);
    }

    private static Dictionary<int, int[]> MakeReplacements()
    {
        Dictionary<string, string> data = DataTable.Read("ftfy.txt").ToDictionary(line => line.Name, line => line.Values);
        Dictionary<int, int[]> ligatures = DataTable.Map(data["ligatures"]).ToDictionary(entry => entry.From[0], entry => entry.To);
        Dictionary<int, int[]> widths = DataTable.Map(data["widths"]).ToDictionary(entry => entry.From[0], entry => entry.To);
        HashSet<int> controls = [.. DataTable.Ranges(data["control-characters"]).SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1))];
        int[] windows = DataTable.Numbers(data["encoding-sloppy-windows-1252"]);

        Dictionary<int, int[]> replacements = [];
        IEnumerable<int> candidates = Enumerable.Range(0x80, 0x20)
            .Concat(ligatures.Keys)
            .Concat(widths.Keys)
            .Concat([0x2BC, 0x2018, 0x2019, 0x201A, 0x201B, 0x201C, 0x201D, 0x201E, 0x201F, 0x2028, 0x2029])
            .Concat(controls);
        foreach (int c in candidates)
        {
            int fixedControl = c is >= 0x80 and < 0xA0 ? windows[c - 0x80] : c;
            IEnumerable<int> fixedWidth = Through(Through([fixedControl], ligatures), widths);
            int[] to = [.. fixedWidth.Select(StraightQuote).Select(LineBreak).Where(x => !controls.Contains(x))];
            if (to is not [int same] || same != c)
            {
                replacements[c] = to;
            }
        }

        return replacements;

        static IEnumerable<int> Through(IEnumerable<int> text, Dictionary<int, int[]> map) => text.SelectMany(c => map.TryGetValue(c, out int[]? to) ? to : [c]);

        static int StraightQuote(int c) => c switch
        {
            0x2BC or (>= 0x2018 and <= 0x201B) => '\'',
            >= 0x201C and <= 0x201F => '"',
            _ => c,
        };

        static int LineBreak(int c) => c is 0x2028 or 0x2029 or 0x85 ? '\n' : c;
    }
}
