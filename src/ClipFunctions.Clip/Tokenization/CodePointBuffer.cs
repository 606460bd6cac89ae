using System.Buffers;
using System.Text;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// A growing list of code points on a rented array. The cleaning steps work on code points as Python's do: a lone surrogate
/// is one of them, a surrogate pair is not two.
/// </summary>
internal sealed class CodePointBuffer : IDisposable
{
    private int[] _items;

    public CodePointBuffer(int capacity = 256)
    {
        _items = ArrayPool<int>.Shared.Rent(capacity);
    }

    public int Count { get; private set; }

    public ReadOnlySpan<int> Span => _items.AsSpan(0, Count);

    public Span<int> WritableSpan => _items.AsSpan(0, Count);

    public void Add(int codePoint)
    {
        if (Count == _items.Length)
        {
            Grow(Count + 1);
        }

        _items[Count++] = codePoint;
    }

    public void AddRange(ReadOnlySpan<int> codePoints)
    {
        if (codePoints.Length > _items.Length - Count)
        {
            Grow(Count + codePoints.Length);
        }

        codePoints.CopyTo(_items.AsSpan(Count));
        Count += codePoints.Length;
    }

    public void AddUtf16(ReadOnlySpan<char> text)
    {
        if (text.Length > _items.Length - Count)
        {
            Grow(Count + text.Length);
        }

        for (int i = 0; i < text.Length; i++)
        {
            int c = text[i];
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                c = char.ConvertToUtf32(text[i], text[++i]);
            }

            _items[Count++] = c;
        }
    }

    public void Clear() => Count = 0;

    public void Truncate(int count) => Count = count;

    public void CopyFrom(ReadOnlySpan<int> codePoints)
    {
        Count = 0;
        AddRange(codePoints);
    }

    /// <summary>Exchanges the contents of two buffers.</summary>
    public void Swap(CodePointBuffer other)
    {
        (_items, other._items) = (other._items, _items);
        (Count, other.Count) = (other.Count, Count);
    }

    /// <summary>As UTF-16; lone surrogates stay what they are.</summary>
    public override string ToString()
    {
        StringBuilder text = new(Count);
        foreach (int c in Span)
        {
            if (c < 0x10000)
            {
                text.Append((char)c);
            }
            else
            {
                text.Append((char)(0xD800 + ((c - 0x10000) >> 10))).Append((char)(0xDC00 + ((c - 0x10000) & 0x3FF)));
            }
        }

        return text.ToString();
    }

    public void Dispose()
    {
        int[] items = _items;
        _items = [];
        Count = 0;
        if (items.Length > 0)
        {
            ArrayPool<int>.Shared.Return(items);
        }
    }

    private void Grow(int needed)
    {
        int[] larger = ArrayPool<int>.Shared.Rent(Math.Max(needed, _items.Length * 2));
        Span.CopyTo(larger);
        if (_items.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_items);
        }

        _items = larger;
    }
}
