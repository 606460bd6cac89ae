using System.Numerics.Tensors;

namespace ClipFunctions.Pipeline.Search;

/// <summary>Vectors of length 1, whose dot product is their cosine.</summary>
internal static class UnitVector
{
    /// <summary>The vector divided by its Euclidean length; null if it has none, or is not finite.</summary>
    public static float[]? Of(ReadOnlySpan<float> vector)
    {
        // In double, so that no float's square is too large or too small.
        double squares = 0;
        foreach (float value in vector)
        {
            squares += (double)value * value;
        }

        if (!double.IsFinite(squares) || squares == 0)
        {
            return null;
        }

        float[] unit = new float[vector.Length];
        double length = Math.Sqrt(squares);
        for (int i = 0; i < unit.Length; i++)
        {
            unit[i] = (float)(vector[i] / length);
        }

        return unit;
    }

    /// <summary>The cosine of two such vectors.</summary>
    public static float Cosine(ReadOnlySpan<float> one, ReadOnlySpan<float> other) => Math.Clamp(TensorPrimitives.Dot(one, other), -1, 1);
}
