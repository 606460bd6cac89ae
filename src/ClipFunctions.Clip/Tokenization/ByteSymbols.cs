namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// The printable characters that stand for bytes in byte-level BPE files (<c>bytes_to_unicode</c> of openai/CLIP's
/// simple_tokenizer.py): visible Latin-1 characters stand for themselves, the other 68 bytes for U+0100 onwards.
/// </summary>
internal static class ByteSymbols
{
    /// <summary>What ends the last symbol of a word.</summary>
    public const string EndOfWord = "</w>";

    /// <summary>The bytes in the order of the vocabulary: the symbol with id n stands for byte <c>Order[n]</c>.</summary>
    public static ReadOnlySpan<byte> Order => OrderTable;

    /// <summary>The id of a byte's symbol: the inverse of <see cref="Order"/>.</summary>
    public static ReadOnlySpan<byte> Ids => IdTable;

    private static readonly byte[] OrderTable = MakeOrder();
    private static readonly byte[] IdTable = MakeIds();
    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToCharacter(byte value) => Characters[value];

    /// <summary>The byte that a character stands for, or -1.</summary>
    public static int ToByte(char character) => character < Bytes.Length ? Bytes[character] : -1;

    private static bool IsVisible(int value) => value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);

    private static byte[] MakeOrder()
    {
        IEnumerable<int> all = Enumerable.Range(0, 256);
        return [.. all.Where(IsVisible).Concat(all.Where(b => !IsVisible(b))).Select(b => (byte)b)];
    }

    private static byte[] MakeIds()
    {
        byte[] ids = new byte[256];
        for (int id = 0; id < 256; id++)
        {
            ids[OrderTable[id]] = (byte)id;
        }

        return ids;
    }

    private static char[] MakeCharacters()
    {
        char[] characters = new char[256];
        char next = (char)256;
        for (int b = 0; b < 256; b++)
        {
            characters[b] = IsVisible(b) ? (char)b : next++;
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[256 + 68];
        bytes.AsSpan().Fill(-1);
        for (int b = 0; b < 256; b++)
        {
            bytes[Characters[b]] = (short)b;
        }

        return bytes;
    }
}
