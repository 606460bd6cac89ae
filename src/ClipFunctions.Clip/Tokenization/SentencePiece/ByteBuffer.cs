using System.Buffers;

namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>A growing byte string on a rented array.</summary>
internal sealed class ByteBuffer(int capacity) : IDisposable
{
    private byte[] _items = ArrayPool<byte>.Shared.Rent(Math.Max(16, capacity));

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Span => _items.AsSpan(0, Count);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _items.Length - Count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Count + bytes.Length, _items.Length * 2));
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_items);
            _items = larger;
        }

        bytes.CopyTo(_items.AsSpan(Count));
        Count += bytes.Length;
    }

    public void Truncate(int count) => Count = count;

    public void Dispose()
    {
        byte[] items = _items;
        _items = [];
        Count = 0;
        if (items.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(items);
        }
    }
}
