namespace ClipFunctions.Clip.Tokenization;

/// <summary>ftfy's categories of characters that occur in mojibake (MOJIBAKE_CATEGORIES of ftfy/badness.py).</summary>
[Flags]
internal enum MojibakeCategories : ushort
{
    None = 0,
    Common = 1 << 0,
    C1 = 1 << 1,
    Bad = 1 << 2,
    Law = 1 << 3,
    Currency = 1 << 4,
    Start = 1 << 5,
    End = 1 << 6,
    Numeric = 1 << 7,
    Kaomoji = 1 << 8,
    UpperAccented = 1 << 9,
    LowerAccented = 1 << 10,
    UpperCommon = 1 << 11,
    LowerCommon = 1 << 12,
    Box = 1 << 13,
}
