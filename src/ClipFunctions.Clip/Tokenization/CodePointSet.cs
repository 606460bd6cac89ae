namespace ClipFunctions.Clip.Tokenization;

/// <summary>A set of code points, made of ranges in ascending order.</summary>
internal sealed class CodePointSet
{
    private readonly int[] _first;
    private readonly int[] _last;

    public CodePointSet(List<(int First, int Last)> ranges)
    {
        _first = new int[ranges.Count];
        _last = new int[ranges.Count];
        for (int i = 0; i < ranges.Count; i++)
        {
            (_first[i], _last[i]) = ranges[i];
        }
    }

    public bool Contains(int codePoint)
    {
        int index = Array.BinarySearch(_first, codePoint);
        return index >= 0 || (~index > 0 && codePoint <= _last[~index - 1]);
    }
}
