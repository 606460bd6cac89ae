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
        Dictionary<string, string> data = DataTable.ReadAll("ftfy.txt");
        Dictionary<int, int[]> ligatures = Map("ligatures");
        Dictionary<int, int[]> widths = Map("widths");
        HashSet<int> controls = [.. DataTable.CodePoints(data["control-characters"])];
        int[] windows = DataTable.Numbers(data["encoding-sloppy-windows-1252"]);

        Dictionary<int, int[]> replacements = [];
        List<int> candidates = [.. ligatures.Keys, .. widths.Keys, .. controls, 0x2BC, 0x2018, 0x2019, 0x201A, 0x201B, 0x201C, 0x201D, 0x201E, 0x201F, 0x2028, 0x2029];
        for (int c = 0x80; c < 0xA0; c++)
        {
            candidates.Add(c);
        }

        foreach (int c in candidates)
        {
            List<int> to = [];
            foreach (int unligated in Through(c is >= 0x80 and < 0xA0 ? windows[c - 0x80] : c, ligatures))
            {
                foreach (int wide in Through(unligated, widths))
                {
                    int straight = LineBreak(StraightQuote(wide));
                    if (!controls.Contains(straight))
                    {
                        to.Add(straight);
                    }
                }
            }

            if (to.Count != 1 || to[0] != c)
            {
                replacements[c] = [.. to];
            }
        }

        return replacements;

        Dictionary<int, int[]> Map(string name)
        {
            Dictionary<int, int[]> map = [];
            foreach ((int[] from, int[] to) in DataTable.Map(data[name]))
            {
                map.Add(from[0], to);
            }

            return map;
        }

        static int[] Through(int c, Dictionary<int, int[]> map) => map.TryGetValue(c, out int[]? to) ? to : [c];

        static int StraightQuote(int c) => c switch
        {
            0x2BC or (>= 0x2018 and <= 0x201B) => '\'',
            >= 0x201C and <= 0x201F => '"',
            _ => c,
        };

        static int LineBreak(int c) => c is 0x2028 or 0x2029 or 0x85 ? '\n' : c;
    }
}
