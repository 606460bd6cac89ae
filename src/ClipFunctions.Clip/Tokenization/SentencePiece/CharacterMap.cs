using System.Buffers.Binary;

namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>
/// The compiled normalisation rules of a SentencePiece model (NFKC and the like): a double array that maps byte strings to byte
/// strings. A place that damaged rules point to and that does not exist is taken for no rule.
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private CharacterMap(uint[] units, byte[] replacements)
    {
        _units = units;
        _replacements = replacements;
    }

    /// <summary>Reads the rules: the array's size in bytes, the array, the replacements, each ended by a zero byte.</summary>
    public static CharacterMap Read(ReadOnlySpan<byte> rules, string source)
    {
        uint size = rules.Length > 4 ? BinaryPrimitives.ReadUInt32LittleEndian(rules) : 0;
        if (size is 0 || size % 4 != 0 || size > rules.Length - 4)
        {
            throw new InvalidVocabularyException(source, null, $"its normalisation rules are damaged: an array of {size} bytes in {rules.Length}.");
        }

        uint[] units = new uint[size / 4];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(rules[(4 + (i * 4))..]);
        }

        return new CharacterMap(units, rules[(4 + (int)size)..].ToArray());
    }

    /// <summary>The rule for the longest beginning of a text.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="replacement">What takes its place; perhaps nothing.</param>
    /// <returns>How many bytes it replaces; 0 for no rule.</returns>
    public int LongestPrefix(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        int longest = 0;
        uint value = 0;
        uint place = Offset(_units[0]);
        for (int i = 0; i < text.Length; i++)
        {
            place ^= text[i];
            if (place >= _units.Length)
            {
                break;
            }

            // The lowest byte of a unit is its label, bit 8 tells that a rule ends here, whose value is in the first unit below.
            uint unit = _units[place];
            if ((unit & 0x8000_00FF) != text[i])
            {
                break;
            }

            place ^= Offset(unit);
            if ((unit & 0x100) != 0 && place < _units.Length && (_units[place] & 0x7FFF_FFFF) < _replacements.Length)
            {
                longest = i + 1;
                value = _units[place] & 0x7FFF_FFFF;
            }
        }

        replacement = default;
        if (longest > 0)
        {
            ReadOnlySpan<byte> rest = _replacements.AsSpan((int)value);
            int end = rest.IndexOf((byte)0);
            replacement = end < 0 ? rest : rest[..end];
        }

        return longest;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
