namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// What the reference's Python thinks of a code point: kinds as the regex module's pattern sees them (Unicode 15), white space,
/// lower case and cased letters as <c>str</c> has them (Unicode 14). Neither .NET's tables nor ICU's are asked, so answers do not
/// depend on the machine.
/// </summary>
internal static class CharacterTables
{
    private const int BmpSize = 0x10000;
    private const int KindMask = 0x07;
    private const int CapitalSigma = 0x3A3;

    // Unicode 15 has no letters or numbers beyond plane 3; neither do the other properties.
    private const int AstralEnd = 0x40000;

    private static readonly Properties[] Table = new Properties[AstralEnd];
    private static readonly Dictionary<int, int[]> LowerCase = [];
    private static readonly CodePointSet Cased;
    private static readonly CodePointSet CaseIgnorable;
    private static readonly CodePointSet Digits;
    private static readonly CodePointSet Words;

    static CharacterTables()
    {
        Dictionary<string, string> data = DataTable.ReadAll("unicode.txt");
        SetKind(data["letter"], CharacterKind.Letter);
        SetKind(data["number"], CharacterKind.Number);
        SetKind(data["unmatched"], CharacterKind.Unmatched);
        SetKind(data["pattern-space"], CharacterKind.Space);
        Set(DataTable.Ranges(data["strip-space"]), Properties.Space);
        Cased = new CodePointSet(DataTable.Ranges(data["cased"]));
        CaseIgnorable = new CodePointSet(DataTable.Ranges(data["case-ignorable"]));
        Digits = new CodePointSet(DataTable.Ranges(data["digit"]));
        Words = new CodePointSet(DataTable.Ranges(data["word"]));
        foreach ((int[] from, int[] to) in DataTable.Map(data["lower"]))
        {
            LowerCase[from[0]] = to;
            Table[from[0]] |= Properties.HasLower;
        }

        foreach (int c in Normalizer.UnstableCodePoints())
        {
            Table[c] |= Properties.Unstable;
        }

        foreach (int c in CharacterFixes.AffectedCodePoints())
        {
            Table[c] |= Properties.Fixed;
        }

        foreach (int c in MojibakeTables.SuspectCodePoints())
        {
            Table[c] |= Properties.Suspect;
        }
    }

    /// <summary>What a code point is or may suffer; the lowest three bits are its kind.</summary>
    [Flags]
    internal enum Properties : byte
    {
        None = 0,

        /// <summary>NFC may change it or something beside it.</summary>
        Unstable = 0x08,

        /// <summary><see cref="CharacterFixes"/> does something to it.</summary>
        Fixed = 0x10,

        /// <summary><c>str.isspace</c>: what <c>strip</c> strips and <c>\s</c> of Python's re matches.</summary>
        Space = 0x20,

        /// <summary><c>str.lower()</c> changes it.</summary>
        HasLower = 0x40,

        /// <summary>A part of mojibake, perhaps.</summary>
        Suspect = 0x80,
    }

    public static Properties PropertiesOf(int c) => c < AstralEnd ? Table[c] : Properties.None;

    public static CharacterKind KindOf(int c) => (CharacterKind)((int)PropertiesOf(c) & KindMask);

    /// <summary><c>str.isspace</c>: what <c>strip</c> strips and <c>\s</c> of Python's re matches.</summary>
    public static bool IsSpace(int c) => (PropertiesOf(c) & Properties.Space) != 0;

    /// <summary><c>\w</c> of Python's re.</summary>
    public static bool IsWord(int c) => Words.Contains(c);

    /// <summary><c>\d</c> of Python's re.</summary>
    public static bool IsDigit(int c) => Digits.Contains(c);

    /// <summary>Appends <c>str.lower()</c> of a text.</summary>
    public static void AppendLower(ReadOnlySpan<int> text, CodePointBuffer to)
    {
        for (int i = 0; i < text.Length; i++)
        {
            int c = text[i];
            if ((PropertiesOf(c) & Properties.HasLower) == 0)
            {
                to.Add(c);
            }
            else if (c == CapitalSigma)
            {
                to.Add(IsFinal(text, i) ? 0x3C2 : 0x3C3);
            }
            else
            {
                to.AddRange(LowerCase[c]);
            }
        }
    }

    // A sigma is final after a cased letter and not before one, case-ignorable characters between (CPython's handle_capital_sigma).
    private static bool IsFinal(ReadOnlySpan<int> text, int sigma)
    {
        int i = sigma - 1;
        while (i >= 0 && CaseIgnorable.Contains(text[i]))
        {
            i--;
        }

        if (i < 0 || !Cased.Contains(text[i]))
        {
            return false;
        }

        i = sigma + 1;
        while (i < text.Length && CaseIgnorable.Contains(text[i]))
        {
            i++;
        }

        return i == text.Length || !Cased.Contains(text[i]);
    }

    private static void SetKind(string values, CharacterKind kind) => Set(DataTable.Ranges(values), (Properties)kind);

    private static void Set(List<(int First, int Last)> ranges, Properties properties)
    {
        foreach ((int first, int last) in ranges)
        {
            foreach (ref Properties entry in Table.AsSpan(first, last - first + 1))
            {
                entry |= properties;
            }
        }
    }
}
