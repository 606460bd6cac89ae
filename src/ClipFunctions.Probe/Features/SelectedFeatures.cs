namespace ClipFunctions.Probe.Features;

/// <summary>Some rows of a matrix.</summary>
internal sealed class SelectedFeatures(FeatureMatrix source, ReadOnlyMemory<int> rows) : FeatureMatrix(rows.Length, source.Dimension)
{
    internal override ReadOnlySpan<float> Read(int first, int count, Span<float> scratch)
    {
        ReadOnlySpan<int> chosen = rows.Span.Slice(first, count);
        int neighbours = Neighbours(chosen);
        if (neighbours == count)
        {
            return count == 0 ? default : source.Read(chosen[0], count, scratch);
        }

        for (int i = 0; i < count; i += neighbours)
        {
            neighbours = Neighbours(chosen[i..]);
            source.CopyRows(chosen[i], scratch.Slice(i * Dimension, neighbours * Dimension));
        }

        return scratch[..(count * Dimension)];
    }

    /// <summary>How many of the rows, from the first on, stand one after the other.</summary>
    private static int Neighbours(ReadOnlySpan<int> chosen)
    {
        int count = Math.Min(1, chosen.Length);
        while (count < chosen.Length && chosen[count] == chosen[count - 1] + 1)
        {
            count++;
        }

        return count;
    }
}
