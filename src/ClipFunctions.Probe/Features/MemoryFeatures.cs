namespace ClipFunctions.Probe.Features;

/// <summary>Features that stand in memory.</summary>
internal sealed class MemoryFeatures(ReadOnlyMemory<float> values, int count, int dimension) : FeatureMatrix(count, dimension)
{
    internal override ReadOnlySpan<float> Read(int first, int count, Span<float> scratch) => values.Span.Slice(first * Dimension, count * Dimension);
}
