namespace ClipFunctions.Clip.Tokenization;

/// <summary>Where a character may stand in UTF-8 that was read in a single-byte encoding (UTF8_CLUES of ftfy/chardata.py).</summary>
[Flags]
internal enum Utf8Clues : byte
{
    None = 0,
    FirstOfTwo = 1 << 0,
    FirstOfThree = 1 << 1,
    FirstOfFour = 1 << 2,
    Continuation = 1 << 3,
    ContinuationStrict = 1 << 4,
}
