using System.Globalization;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// Unicode normalisation form C with the tables of Unicode 14, as <c>unicodedata.normalize("NFC", …)</c> of Python 3.11.
/// <see cref="string.Normalize()"/> would ask ICU, whose version varies, and does nothing with <c>InvariantGlobalization</c>.
/// </summary>
internal static class Normalizer
{
    private const int HangulBase = 0xAC00;
    private const int HangulCount = 11172;
    private const int LeadBase = 0x1100;
    private const int LeadCount = 19;
    private const int VowelBase = 0x1161;
    private const int VowelCount = 21;
    private const int TailBase = 0x11A7;
    private const int TailCount = 28;

    private static readonly Dictionary<int, byte> Classes = [];
    private static readonly Dictionary<int, int[]> Decompositions = [];
    private static readonly Dictionary<long, int> Compositions = [];

    static Normalizer()
    {
        foreach ((string name, string values) in DataTable.Read("unicode.txt"))
        {
            if (name.StartsWith("ccc-", StringComparison.Ordinal))
            {
                byte combiningClass = byte.Parse(name.AsSpan(4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                foreach (int c in DataTable.CodePoints(values))
                {
                    Classes[c] = combiningClass;
                }
            }
            else if (name == "decompose")
            {
                foreach ((int[] from, int[] to) in DataTable.Map(values))
                {
                    Decompositions[from[0]] = to;
                }
            }
            else if (name == "compose")
            {
                foreach ((int[] from, int[] to) in DataTable.Map(values))
                {
                    Compositions[Pair(from[0], from[1])] = to[0];
                }
            }
        }
    }

    /// <summary>The code points without which a text is in form C already.</summary>
    public static IEnumerable<int> UnstableCodePoints()
    {
        HashSet<int> unstable = [.. Decompositions.Keys];
        unstable.ExceptWith(Compositions.Values);
        unstable.UnionWith(Classes.Keys);
        foreach (long pair in Compositions.Keys)
        {
            unstable.Add((int)pair);
        }

        for (int c = VowelBase; c < TailBase + TailCount; c++)
        {
            unstable.Add(c);
        }

        return unstable;
    }

    /// <summary>Brings a text into form C.</summary>
    public static void Compose(CodePointBuffer text, CodePointBuffer scratch)
    {
        scratch.Clear();
        foreach (int c in text.Span)
        {
            AppendDecomposed(c, scratch);
        }

        SortMarks(scratch.WritableSpan);
        scratch.Truncate(ComposeInPlace(scratch.WritableSpan));
        text.Swap(scratch);
    }

    private static long Pair(int first, int second) => ((long)first << 32) | (uint)second;

    private static void AppendDecomposed(int c, CodePointBuffer to)
    {
        int syllable = c - HangulBase;
        if ((uint)syllable < HangulCount)
        {
            to.Add(LeadBase + (syllable / (VowelCount * TailCount)));
            to.Add(VowelBase + (syllable % (VowelCount * TailCount) / TailCount));
            if (syllable % TailCount != 0)
            {
                to.Add(TailBase + (syllable % TailCount));
            }
        }
        else if (c >= 0xC0 && Decompositions.TryGetValue(c, out int[]? parts))
        {
            to.AddRange(parts);
        }
        else
        {
            to.Add(c);
        }
    }

    private static int ClassOf(int c) => c < 0x300 ? 0 : Classes.GetValueOrDefault(c);

    // Canonical ordering: runs of marks are sorted by class, equal classes staying in order.
    private static void SortMarks(Span<int> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (ClassOf(text[i]) == 0)
            {
                continue;
            }

            int start = i;
            bool ordered = true;
            int last = 0;
            for (; i < text.Length && ClassOf(text[i]) is int combiningClass and not 0; i++)
            {
                ordered &= combiningClass >= last;
                last = combiningClass;
            }

            if (!ordered)
            {
                Span<int> run = text[start..i];
                long[] keys = new long[run.Length];
                for (int k = 0; k < keys.Length; k++)
                {
                    keys[k] = ((long)ClassOf(run[k]) << 32) | (uint)k;
                }

                Array.Sort(keys);
                int[] sorted = new int[run.Length];
                for (int k = 0; k < keys.Length; k++)
                {
                    sorted[k] = run[(int)keys[k]];
                }

                sorted.CopyTo(run);
            }
        }
    }

    private static int ComposeInPlace(Span<int> text)
    {
        int kept = 0;
        int starter = -1;
        int lastClass = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int c = text[i];
            int combiningClass = ClassOf(c);
            // Blocked from the starter: something stands between of no lower class.
            bool adjacent = starter >= 0 && kept == starter + 1;
            if (starter >= 0 && (adjacent || (combiningClass != 0 && lastClass < combiningClass)) && TryPair(text[starter], c, out int composed))
            {
                text[starter] = composed;
                continue;
            }

            if (combiningClass == 0)
            {
                starter = kept;
            }

            lastClass = combiningClass;
            text[kept++] = c;
        }

        return kept;
    }

    private static bool TryPair(int first, int second, out int composed)
    {
        int lead = first - LeadBase;
        int vowel = second - VowelBase;
        if ((uint)lead < LeadCount && (uint)vowel < VowelCount)
        {
            composed = HangulBase + (((lead * VowelCount) + vowel) * TailCount);
            return true;
        }

        int syllable = first - HangulBase;
        int tail = second - TailBase;
        if ((uint)syllable < HangulCount && syllable % TailCount == 0 && tail is > 0 and < TailCount)
        {
            composed = first + tail;
            return true;
        }

        return Compositions.TryGetValue(Pair(first, second), out composed);
    }
}
