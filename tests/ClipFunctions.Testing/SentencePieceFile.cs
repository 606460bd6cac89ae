using System.Text;
using Xunit;

namespace ClipFunctions.Testing;

/// <summary>Writes small SentencePiece model files, field by field.</summary>
public sealed record SentencePieceFile
{
    public const int Normal = 1;
    public const int Unknown = 2;
    public const int Control = 3;
    public const int UserDefined = 4;
    public const int Unused = 5;
    public const int Byte = 6;

    public List<(string Text, float Score, int Kind)> Pieces { get; init; } = [];

    /// <summary>1 unigram, 2 BPE.</summary>
    public int Algorithm { get; init; } = 1;

    public bool ByteFallback { get; init; }

    public string End { get; init; } = "</s>";

    public bool DummyPrefix { get; init; } = true;

    public bool RemoveExtraSpaces { get; init; } = true;

    public bool SpaceIsSuffix { get; init; }

    public IReadOnlyDictionary<string, string> Rules { get; init; } = new Dictionary<string, string>();

    /// <summary>A unigram vocabulary in the order of T5's: padding, end, unknown; no start token.</summary>
    public static SentencePieceFile Unigram { get; } = new()
    {
        Pieces =
        [
            ("<pad>", 0, Control), ("</s>", 0, Control), ("<unk>", 0, Unknown), ("▁", -2, Normal), ("a", -3, Normal), ("b", -3.5f, Normal),
            ("c", -4, Normal), ("t", -4, Normal), ("d", -4.5f, Normal), ("o", -4.5f, Normal), ("g", -5, Normal), ("f", -6, Normal), ("i", -6, Normal), ("é", -7, Normal),
            ("▁a", -3, Normal), ("▁cat", -6, Normal), ("▁do", -5, Normal), ("at", -4, Normal), ("aa", -5.5f, Normal), ("aaa", -8, Normal), ("og", -5.25f, Normal),
            ("▁ca", -6.5f, Normal), ("ab", -6, Normal), ("ba", -6, Normal), ("▁photo", -7, Normal), ("p", -8, Normal), ("h", -8, Normal), ("▁of", -4.75f, Normal), ("日本", -9, Normal), ("s", -4.25f, Normal), ("A", -9, Normal),
        ],
        Rules = new Dictionary<string, string> { ["Ａ"] = "A", ["\u3000"] = " ", ["\u00AD"] = "", ["ﬁ"] = "fi", ["\t"] = " ", ["e\u0301"] = "é", ["…"] = "a  b" },
    };

    /// <summary>A BPE vocabulary in the order of Gemma's: padding, end, start, unknown, user-defined, bytes; no rules, no prefix.</summary>
    public static SentencePieceFile Bpe { get; } = new()
    {
        Algorithm = 2,
        ByteFallback = true,
        End = "<eos>",
        DummyPrefix = false,
        RemoveExtraSpaces = false,
        Pieces =
        [
            ("<pad>", 0, Control), ("<eos>", 0, Control), ("<bos>", 0, Control), ("<unk>", 0, Unknown), ("<mask>", 0, UserDefined), ("\n\n", 0, UserDefined), ("▁▁", 0, UserDefined), ("▁▁▁", 0, UserDefined),
            .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, Byte)),
            .. new[] { "aa", "at", "▁c", "og", "▁cat", "▁d", "▁dog", "ca", "cat", "aaa", "▁a", "ph", "oto", "to", "photo", "▁photo" }.Select((piece, rank) => (piece, -(float)rank, Normal)),
            ("do", -20, Unused), ("dot", -21, Normal), ("dots", -22, Unused),
            .. "▁abcdefghijklmnopqrstuvwxyzé日".Select((c, i) => (c.ToString(), -100f - i, Normal)),
        ],
    };

    public byte[] Write()
    {
        using MemoryStream file = new();
        foreach ((string text, float score, int kind) in Pieces)
        {
            using MemoryStream piece = new();
            Bytes(piece, 1, Encoding.UTF8.GetBytes(text));
            piece.WriteByte((2 << 3) | 5);
            piece.Write(BitConverter.GetBytes(score));
            Number(piece, 3, kind);
            Bytes(file, 1, piece.ToArray());
        }

        using MemoryStream trainer = new();
        Number(trainer, 3, Algorithm);
        Number(trainer, 24, SpaceIsSuffix ? 1 : 0);
        Number(trainer, 35, ByteFallback ? 1 : 0);
        Bytes(trainer, 47, Encoding.UTF8.GetBytes(End));
        Bytes(file, 2, trainer.ToArray());

        using MemoryStream normalizer = new();
        if (Rules.Count > 0)
        {
            Bytes(normalizer, 2, WriteRules());
        }

        Number(normalizer, 3, DummyPrefix ? 1 : 0);
        Number(normalizer, 4, RemoveExtraSpaces ? 1 : 0);
        Number(normalizer, 5, 1);
        Bytes(file, 3, normalizer.ToArray());
        return file.ToArray();
    }

    /// <summary>The rules as a double array: a child stands at its parent's place ^ the parent's offset ^ its label, a value at label 0.</summary>
    public byte[] WriteRules()
    {
        using MemoryStream replacements = new();
        List<(byte[] Key, uint Value)> entries = [];
        foreach ((string from, string to) in Rules)
        {
            entries.Add((Encoding.UTF8.GetBytes(from), (uint)replacements.Length));
            replacements.Write(Encoding.UTF8.GetBytes(to));
            replacements.WriteByte(0);
        }

        uint[] units = new uint[1 << 14];
        HashSet<uint> taken = [0];
        uint next = 256;
        Place(0, entries, 0);
        using MemoryStream rules = new();
        rules.Write(BitConverter.GetBytes(units.Length * 4));
        foreach (uint unit in units)
        {
            rules.Write(BitConverter.GetBytes(unit));
        }

        rules.Write(replacements.ToArray());
        return rules.ToArray();

        void Place(uint place, List<(byte[] Key, uint Value)> under, int depth)
        {
            // A block of 256 places for each node is wasteful and always free.
            uint block = next;
            next += 256;
            uint offset = place ^ block;
            Assert.True(offset < 1 << 21 && taken.Add(block));
            units[place] |= offset << 10;
            foreach ((byte[] key, uint value) in under.Where(entry => entry.Key.Length == depth))
            {
                units[place] |= 0x100;
                units[block] = value | 0x8000_0000;
            }

            foreach (IGrouping<byte, (byte[] Key, uint Value)> child in under.Where(entry => entry.Key.Length > depth).GroupBy(entry => entry.Key[depth]))
            {
                units[block ^ child.Key] = child.Key;
                Place(block ^ child.Key, [.. child], depth + 1);
            }
        }
    }

    private static void Number(MemoryStream to, int field, int value)
    {
        Varint(to, (ulong)(field << 3));
        Varint(to, (ulong)value);
    }

    private static void Bytes(MemoryStream to, int field, byte[] value)
    {
        Varint(to, (ulong)((field << 3) | 2));
        Varint(to, (ulong)value.Length);
        to.Write(value);
    }

    private static void Varint(MemoryStream to, ulong value)
    {
        while (value > 0x7F)
        {
            to.WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        to.WriteByte((byte)value);
    }
}
