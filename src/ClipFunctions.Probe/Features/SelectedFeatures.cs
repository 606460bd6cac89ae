namespace ClipFunctions.Probe.Features;

/// <summary>Some rows of a matrix.</summary>
internal sealed class SelectedFeatures(FeatureMatrix source, ReadOnlyMemory<int> rows) : FeatureMatrix(rows.Length, source.Dimension)
{
    internal override ReadOnlySpan<float> Read(int first, int count, Span<float> scratch)
    {
        ReadOnlySpan<int> chosen = rows.Span.Slice(first, count);
        for (int i = 0; i < count; i++)
        {
            source.CopyRows(chosen[i], scratch.Slice(i * Dimension, Dimension));
        }

        return scratch[..(count * Dimension)];
    }
}
