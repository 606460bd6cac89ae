namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// The characters of mojibake, from ftfy 6.3.1: their categories (ftfy/badness.py), their possible places in broken UTF-8
/// (ftfy/chardata.py), and the bytes that they are in ten single-byte encodings (ftfy/bad_codecs).
/// </summary>
internal static class MojibakeTables
{
    public const int EncodingCount = 10;
    public const int Latin1 = 0;
    public const int SloppyWindows1252 = 1;
    public const int MacRoman = 8;

    // Every character in question lies below U+2600, save four.
    private const int Low = 0x2600;
    private const int Slots = Low + 5;
    private const int NoSlot = Low + 4;

    private static readonly string[] CategoryNames =
    [
        "common", "c1", "bad", "law", "currency", "start-punctuation", "end-punctuation", "numeric", "kaomoji", "upper-accented",
        "lower-accented", "upper-common", "lower-common", "box",
    ];

    private static readonly string[] ClueNames =
        ["utf8-first-of-2", "utf8-first-of-3", "utf8-first-of-4", "utf8-continuation", "utf8-continuation-strict"];

    // In the order in which ftfy tries them.
    private static readonly string[] EncodingNames =
    [
        "latin-1", "sloppy-windows-1252", "sloppy-windows-1251", "sloppy-windows-1250", "sloppy-windows-1253", "sloppy-windows-1254",
        "sloppy-windows-1257", "iso-8859-2", "macroman", "cp437",
    ];

    private static readonly MojibakeCategories[] Categories = new MojibakeCategories[Slots];
    private static readonly Utf8Clues[] Clues = new Utf8Clues[Slots];
    private static readonly ushort[] Encodings = new ushort[Slots];
    private static readonly byte[][] Bytes = new byte[EncodingCount][];
    private static readonly int[] Windows1252;
    private static readonly int[] StrictWindows1252 = new int[0x20];

    static MojibakeTables()
    {
        Dictionary<string, string> data = DataTable.ReadAll("ftfy.txt");
        for (int i = 0; i < CategoryNames.Length; i++)
        {
            foreach (int c in DataTable.CodePoints(data["category-" + CategoryNames[i]]))
            {
                Categories[Slot(c)] |= (MojibakeCategories)(1 << i);
            }
        }

        for (int i = 0; i < ClueNames.Length; i++)
        {
            foreach (int c in DataTable.CodePoints(data[ClueNames[i]]))
            {
                Clues[Slot(c)] |= (Utf8Clues)(1 << i);
            }
        }

        for (int encoding = 0; encoding < EncodingCount; encoding++)
        {
            Bytes[encoding] = new byte[Slots];
            for (int c = 0; c < 0x80; c++)
            {
                SetByte(encoding, c, (byte)c);
            }

            if (IsSloppy(encoding))
            {
                // Byte 1A stands for what is lost.
                Encodings[0x1A] &= (ushort)~(1 << encoding);
                SetByte(encoding, 0xFFFD, 0x1A);
            }

            int[] upper = DataTable.Numbers(data["encoding-" + EncodingNames[encoding]]);
            for (int i = 0; i < upper.Length; i++)
            {
                SetByte(encoding, upper[i], (byte)(0x80 + i));
            }
        }

        Windows1252 = DataTable.Numbers(data["encoding-sloppy-windows-1252"]);
        foreach ((int[] from, int[] to) in DataTable.Map(data["windows-1252"]))
        {
            StrictWindows1252[from[0] - 0x80] = to[0];
        }
    }

    /// <summary>The code points of any category.</summary>
    public static IEnumerable<int> SuspectCodePoints()
    {
        for (int c = 0; c <= 0xFFFD; c++)
        {
            if (Categories[Slot(c)] != 0)
            {
                yield return c;
            }
        }
    }

    public static MojibakeCategories CategoriesOf(int c) => Categories[Slot(c)];

    public static Utf8Clues CluesOf(int c) => Clues[Slot(c)];

    /// <summary>The encodings that have this character, a bit each.</summary>
    public static int EncodingsOf(int c) => Encodings[Slot(c)];

    public static byte ByteOf(int encoding, int c) => Bytes[encoding][Slot(c)];

    /// <summary>Whether unassigned bytes stand for themselves in an encoding, and byte 1A for U+FFFD.</summary>
    public static bool IsSloppy(int encoding) => encoding is >= SloppyWindows1252 and < 7;

    /// <summary>A C1 control as Windows-1252 has it, or itself where that has nothing.</summary>
    public static int FromC1(int c) => Windows1252[c - 0x80];

    /// <summary>A byte from 80 to 9f as Windows-1252 has it, if it does.</summary>
    public static bool TryStrictWindows1252(int value, out int c)
    {
        c = StrictWindows1252[value - 0x80];
        return c != 0;
    }

    private static int Slot(int c) => c < Low ? c : c switch
    {
        0xF8FF => Low,
        0xFB01 => Low + 1,
        0xFB02 => Low + 2,
        0xFFFD => Low + 3,
        _ => NoSlot,
    };

    private static void SetByte(int encoding, int c, byte value)
    {
        int slot = Slot(c);
        if (slot == NoSlot)
        {
            throw new InvalidOperationException($"U+{c:X4} of {EncodingNames[encoding]} has no place in the table.");
        }

        Encodings[slot] |= (ushort)(1 << encoding);
        Bytes[encoding][slot] = value;
    }
}
