using System.Runtime.InteropServices;

namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>Finds which pieces a text begins with.</summary>
internal sealed class PieceTrie
{
    private const int Root = 0;

    private readonly Dictionary<long, int> _children = [];
    private readonly List<int> _values = [-1];

    /// <summary>Whether it holds no piece.</summary>
    public bool IsEmpty => _children.Count == 0;

    public void Add(ReadOnlySpan<byte> text, int value)
    {
        int node = Root;
        foreach (byte b in text)
        {
            ref int child = ref CollectionsMarshal.GetValueRefOrAddDefault(_children, Key(node, b), out bool exists);
            if (!exists)
            {
                child = _values.Count;
                _values.Add(-1);
            }

            node = child;
        }

        _values[node] = value;
    }

    /// <summary>Goes on by one byte.</summary>
    /// <param name="node">Where the walk is, 0 at the start; moved on.</param>
    /// <param name="next">The byte.</param>
    /// <param name="value">The value of the piece that ends here, or -1.</param>
    /// <returns>Whether any piece begins so.</returns>
    public bool TryStep(ref int node, byte next, out int value)
    {
        if (_children.TryGetValue(Key(node, next), out int child))
        {
            node = child;
            value = _values[child];
            return true;
        }

        value = -1;
        return false;
    }

    /// <summary>The length of the longest piece that the text begins with; 0 for none.</summary>
    public int LongestPrefix(ReadOnlySpan<byte> text)
    {
        int longest = 0;
        int node = Root;
        for (int i = 0; i < text.Length && TryStep(ref node, text[i], out int value); i++)
        {
            if (value >= 0)
            {
                longest = i + 1;
            }
        }

        return longest;
    }

    private static long Key(int node, byte next) => ((long)node << 8) | next;
}
