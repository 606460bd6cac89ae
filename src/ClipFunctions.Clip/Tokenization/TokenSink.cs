using System.Buffers;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>Where ids go as they are found: into a row of fixed length, or into an array that grows.</summary>
internal ref struct TokenSink
{
    private readonly bool _stopsWhenFull;
    private Span<int> _room;
    private int[]? _rented;

    private TokenSink(Span<int> room, int[]? rented, bool stopsWhenFull)
    {
        _room = room;
        _rented = rented;
        _stopsWhenFull = stopsWhenFull;
    }

    /// <summary>How many ids came, those without room included.</summary>
    public int Count { get; private set; }

    /// <summary>Whether further ids would change nothing.</summary>
    public readonly bool IsDone => _stopsWhenFull && Count > _room.Length;

    public readonly ReadOnlySpan<int> Tokens => _room[..Math.Min(Count, _room.Length)];

    /// <summary>Fills a row; goes on counting when it is full, or is done then.</summary>
    public static TokenSink Into(Span<int> row, bool stopsWhenFull) => new(row, null, stopsWhenFull);

    /// <summary>Takes any number of ids; <see cref="Return"/> it.</summary>
    public static TokenSink Growing()
    {
        int[] rented = ArrayPool<int>.Shared.Rent(256);
        return new TokenSink(rented, rented, stopsWhenFull: false);
    }

    public void Add(int id)
    {
        if (Count >= _room.Length && _rented is not null)
        {
            Grow(Count + 1);
        }

        if ((uint)Count < (uint)_room.Length)
        {
            _room[Count] = id;
        }

        Count++;
    }

    public void AddRange(scoped ReadOnlySpan<int> ids)
    {
        int free = _room.Length - Count;
        if (ids.Length <= free)
        {
            ids.CopyTo(_room[Count..]);
            Count += ids.Length;
            return;
        }

        foreach (int id in ids)
        {
            Add(id);
        }
    }

    public void Return()
    {
        if (_rented is not null)
        {
            ArrayPool<int>.Shared.Return(_rented);
            _rented = null;
            _room = default;
        }
    }

    private void Grow(int needed)
    {
        int[] larger = ArrayPool<int>.Shared.Rent(Math.Max(needed, _room.Length * 2));
        _room.CopyTo(larger);
        ArrayPool<int>.Shared.Return(_rented!);
        _rented = larger;
        _room = larger;
    }
}
