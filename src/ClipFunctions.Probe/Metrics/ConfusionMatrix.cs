namespace ClipFunctions.Probe.Metrics;

/// <summary>How many rows of a class were taken for which.</summary>
public sealed class ConfusionMatrix
{
    private readonly int[] _counts;

    internal ConfusionMatrix(int[] counts, int classes)
    {
        _counts = counts;
        Classes = classes;
    }

    /// <summary>How many classes.</summary>
    public int Classes { get; }

    /// <summary>The counts, <c>[actual, predicted]</c>, row by row.</summary>
    public ReadOnlyMemory<int> Counts => _counts;

    /// <summary>A count.</summary>
    /// <param name="actual">The rows' class.</param>
    /// <param name="predicted">What they were taken for.</param>
    public int this[int actual, int predicted]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(predicted);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(predicted, Classes);
            return this[actual][predicted];
        }
    }

    /// <summary>What the rows of a class were taken for.</summary>
    /// <param name="actual">The rows' class.</param>
    public ReadOnlySpan<int> this[int actual]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(actual);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(actual, Classes);
            return _counts.AsSpan(actual * Classes, Classes);
        }
    }
}
