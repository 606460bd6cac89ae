using System.Globalization;
using System.Numerics.Tensors;

namespace ClipFunctions.Probe.Metrics;

/// <summary>Scores, one row for each row of features. Immutable by convention: whoever makes one gives up the array.</summary>
public sealed class ScoreMatrix
{
    private readonly float[] _values;

    /// <summary>Makes a matrix.</summary>
    /// <param name="values">The rows one after the other; the matrix keeps this array.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">The length of a row, 1 or more.</param>
    /// <exception cref="ArgumentException">The array has not <paramref name="rows"/> × <paramref name="columns"/> elements.</exception>
    public ScoreMatrix(float[] values, int rows, int columns)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (values.Length != (long)rows * columns)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{rows} rows of {columns} are {(long)rows * columns} numbers, but there are {values.Length}."), nameof(values));
        }

        _values = values;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>How many rows.</summary>
    public int Rows { get; }

    /// <summary>The length of a row.</summary>
    public int Columns { get; }

    /// <summary>All rows, one after the other.</summary>
    public ReadOnlyMemory<float> Values => _values;

    /// <summary>A row's scores.</summary>
    public ReadOnlySpan<float> this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(row);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
            return _values.AsSpan(row * Columns, Columns);
        }
    }

    /// <summary>The softmax of every row, as a new matrix.</summary>
    public ScoreMatrix Softmax()
    {
        float[] result = new float[_values.Length];
        for (int row = 0; row < Rows; row++)
        {
            Softmax(this[row], result.AsSpan(row * Columns, Columns));
        }

        return new ScoreMatrix(result, Rows, Columns);
    }

    /// <summary>The column of the largest score of every row; the first of equal ones.</summary>
    public int[] ArgMax()
    {
        int[] result = new int[Rows];
        for (int row = 0; row < Rows; row++)
        {
            result[row] = TensorPrimitives.IndexOfMax(this[row]);
        }

        return result;
    }

    internal static void Softmax(ReadOnlySpan<float> scores, Span<float> result)
    {
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max(scores), result);
        TensorPrimitives.Exp(result, result);
        TensorPrimitives.Divide(result, TensorPrimitives.Sum<float>(result), result);
    }
}
