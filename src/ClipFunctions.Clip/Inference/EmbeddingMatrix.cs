using System.Numerics.Tensors;

namespace ClipFunctions.Clip.Inference;

/// <summary>Vectors of one length, one a row. Immutable by convention: whoever makes one gives up the array.</summary>
public sealed class EmbeddingMatrix
{
    private readonly float[] _values;

    /// <summary>Makes a matrix of rows.</summary>
    /// <param name="values">The rows one after the other; the matrix keeps this array.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="dimension">The length of a row.</param>
    /// <exception cref="ArgumentException">The array has not <paramref name="count"/> × <paramref name="dimension"/> elements.</exception>
    public EmbeddingMatrix(float[] values, int count, int dimension)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        if (values.Length != (long)count * dimension)
        {
            throw new ArgumentException($"{count} rows of {dimension} are {(long)count * dimension} numbers, but there are {values.Length}.", nameof(values));
        }

        _values = values;
        Count = count;
        Dimension = dimension;
    }

    /// <summary>How many rows.</summary>
    public int Count { get; }

    /// <summary>The length of a row.</summary>
    public int Dimension { get; }

    /// <summary>All rows, one after the other.</summary>
    public ReadOnlyMemory<float> Values => _values;

    /// <summary>A row.</summary>
    public ReadOnlySpan<float> this[int row] => Row(row).Span;

    /// <summary>A row that may be kept.</summary>
    /// <param name="row">Its index.</param>
    public ReadOnlyMemory<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Count);
        return _values.AsMemory(row * Dimension, Dimension);
    }

    /// <summary>The rows divided by their Euclidean lengths, as a new matrix. A row of zeros stays one.</summary>
    public EmbeddingMatrix Normalize()
    {
        float[] result = new float[_values.Length];
        for (int row = 0; row < Count; row++)
        {
            NormalizeRow(this[row], result.AsSpan(row * Dimension, Dimension));
        }

        return new EmbeddingMatrix(result, Count, Dimension);
    }

    internal static void NormalizeRow(ReadOnlySpan<float> row, Span<float> result)
    {
        float length = TensorPrimitives.Norm(row);
        if (length > 0)
        {
            TensorPrimitives.Divide(row, length, result);
        }
        else
        {
            row.CopyTo(result);
        }
    }
}
