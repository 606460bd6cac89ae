using System.Numerics.Tensors;

namespace ClipFunctions.Clip.Inference;

/// <summary>Scores of every row against every column.</summary>
public sealed class LogitMatrix
{
    private readonly float[] _values;

    internal LogitMatrix(float[] values, int rows, int columns)
    {
        _values = values;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>How many rows.</summary>
    public int Rows { get; }

    /// <summary>How many columns.</summary>
    public int Columns { get; }

    /// <summary>All rows, one after the other.</summary>
    public ReadOnlyMemory<float> Values => _values;

    /// <summary>A score.</summary>
    public float this[int row, int column]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(column);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column, Columns);
            return this[row][column];
        }
    }

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
    public LogitMatrix Softmax()
    {
        float[] result = new float[_values.Length];
        for (int row = 0; row < Rows; row++)
        {
            Probabilities.Softmax(this[row], result.AsSpan(row * Columns, Columns));
        }

        return new LogitMatrix(result, Rows, Columns);
    }

    /// <summary>The sigmoid of every score, as a new matrix.</summary>
    public LogitMatrix Sigmoid()
    {
        float[] result = new float[_values.Length];
        TensorPrimitives.Sigmoid(_values, result);
        return new LogitMatrix(result, Rows, Columns);
    }

    /// <summary>Rows and columns exchanged, as a new matrix.</summary>
    public LogitMatrix Transpose()
    {
        float[] result = new float[_values.Length];
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                result[(column * Rows) + row] = _values[(row * Columns) + column];
            }
        }

        return new LogitMatrix(result, Columns, Rows);
    }

    /// <summary><c>scale · image · textᵀ + bias</c> of normalised vectors.</summary>
    internal static LogitMatrix Score(EmbeddingMatrix image, EmbeddingMatrix text, float scale, float bias)
    {
        if (image.Dimension != text.Dimension)
        {
            throw new ArgumentException($"Vectors of {image.Dimension} and of {text.Dimension} numbers are not of one model.", nameof(text));
        }

        float[] logits = new float[checked(image.Count * text.Count)];
        for (int i = 0; i < image.Count; i++)
        {
            ReadOnlySpan<float> vector = image[i];
            Span<float> row = logits.AsSpan(i * text.Count, text.Count);
            for (int j = 0; j < text.Count; j++)
            {
                row[j] = (scale * TensorPrimitives.Dot(vector, text[j])) + bias;
            }
        }

        return new LogitMatrix(logits, image.Count, text.Count);
    }
}
