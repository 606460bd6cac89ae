namespace ClipFunctions.Clip.Tokenization;

/// <summary>A set of code points as sorted ranges.</summary>
internal sealed class CodePointSet
{
    private readonly int[] _first;
    private readonly int[] _last;

    public CodePointSet(IEnumerable<(int First, int Last)> ranges)
    {
        (int First, int Last)[] sorted = [.. ranges.Order()];
        _first = [.. sorted.Select(range => range.First)];
        _last = [.. sorted.Select(range => range.Last)];
    }

    public bool Contains(int codePoint)
    {
        int index = Array.BinarySearch(_first, codePoint);
        return index >= 0 || (~index > 0 && codePoint <= _last[~index - 1]);
    }
}
