namespace ClipFunctions.Probe.Features;

/// <summary>The rows of several matrices, one after the other.</summary>
internal sealed class ConcatenatedFeatures : FeatureMatrix
{
    private readonly FeatureMatrix[] _parts;
    private readonly int[] _ends;

    public ConcatenatedFeatures(FeatureMatrix[] parts, int count)
        : base(count, parts[0].Dimension)
    {
        _parts = parts;
        _ends = new int[parts.Length];
        int end = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            _ends[i] = end += parts[i].Count;
        }
    }

    internal override ReadOnlySpan<float> Read(int first, int count, Span<float> scratch)
    {
        if (count == 0)
        {
            return default;
        }

        int part = Array.BinarySearch(_ends, first);
        part = part < 0 ? ~part : part + 1;
        while (_ends[part] == first)
        {
            part++;
        }

        int start = _ends[part] - _parts[part].Count;
        if (first + count <= _ends[part])
        {
            return _parts[part].Read(first - start, count, scratch);
        }

        int done = 0;
        while (done < count)
        {
            start = _ends[part] - _parts[part].Count;
            int here = Math.Min(count - done, _ends[part] - (first + done));
            _parts[part].CopyRows(first + done - start, scratch.Slice(done * Dimension, here * Dimension));
            done += here;
            part++;
        }

        return scratch[..(count * Dimension)];
    }
}
