using System.Numerics;
using System.Runtime.CompilerServices;

namespace ClipFunctions.Probe.Numerics;

/// <summary>
/// Loops over vectors that run hot within the first milliseconds: compiled at full speed at once, which those of
/// <see cref="System.Numerics.Tensors.TensorPrimitives"/> are not. The order of additions is fixed.
/// </summary>
internal static class VectorLoops
{
    /// <summary><c>result = a − b</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> result)
    {
        int i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(a[i..]) - new Vector<float>(b[i..])).CopyTo(result[i..]);
        }

        for (; i < a.Length; i++)
        {
            result[i] = a[i] - b[i];
        }
    }

    /// <summary><c>sums += a</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(ReadOnlySpan<float> a, Span<float> sums)
    {
        int i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(sums[i..]) + new Vector<float>(a[i..])).CopyTo(sums[i..]);
        }

        for (; i < a.Length; i++)
        {
            sums[i] += a[i];
        }
    }

    /// <summary><c>sums += factor · a</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(ReadOnlySpan<float> a, float factor, Span<float> sums)
    {
        Vector<float> factors = new(factor);
        int i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (new Vector<float>(sums[i..]) + (factors * new Vector<float>(a[i..]))).CopyTo(sums[i..]);
        }

        for (; i < a.Length; i++)
        {
            sums[i] += factor * a[i];
        }
    }

    /// <summary><c>sums += factor · a</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(ReadOnlySpan<double> a, double factor, Span<double> sums)
    {
        Vector<double> factors = new(factor);
        int i = 0;
        for (; i <= a.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            (new Vector<double>(sums[i..]) + (factors * new Vector<double>(a[i..]))).CopyTo(sums[i..]);
        }

        for (; i < a.Length; i++)
        {
            sums[i] += factor * a[i];
        }
    }

    /// <summary>A dot product; its sums are of float32 over at most 4096 numbers, then of double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        const int Block = 4096;
        double total = 0;
        for (int start = 0; start < a.Length; start += Block)
        {
            int end = Math.Min(start + Block, a.Length);
            Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
            int i = start;
            for (; i <= end - (4 * Vector<float>.Count); i += 4 * Vector<float>.Count)
            {
                s0 += new Vector<float>(a[i..]) * new Vector<float>(b[i..]);
                s1 += new Vector<float>(a[(i + Vector<float>.Count)..]) * new Vector<float>(b[(i + Vector<float>.Count)..]);
                s2 += new Vector<float>(a[(i + (2 * Vector<float>.Count))..]) * new Vector<float>(b[(i + (2 * Vector<float>.Count))..]);
                s3 += new Vector<float>(a[(i + (3 * Vector<float>.Count))..]) * new Vector<float>(b[(i + (3 * Vector<float>.Count))..]);
            }

            total += Vector.Sum(s0 + s1 + (s2 + s3));
            for (; i < end; i++)
            {
                total += (double)a[i] * b[i];
            }
        }

        return total;
    }

    /// <summary>A dot product.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Vector<double> s0 = default, s1 = default, s2 = default, s3 = default;
        int i = 0;
        for (; i <= a.Length - (4 * Vector<double>.Count); i += 4 * Vector<double>.Count)
        {
            s0 += new Vector<double>(a[i..]) * new Vector<double>(b[i..]);
            s1 += new Vector<double>(a[(i + Vector<double>.Count)..]) * new Vector<double>(b[(i + Vector<double>.Count)..]);
            s2 += new Vector<double>(a[(i + (2 * Vector<double>.Count))..]) * new Vector<double>(b[(i + (2 * Vector<double>.Count))..]);
            s3 += new Vector<double>(a[(i + (3 * Vector<double>.Count))..]) * new Vector<double>(b[(i + (3 * Vector<double>.Count))..]);
        }

        double total = Vector.Sum(s0 + s1 + (s2 + s3));
        for (; i < a.Length; i++)
        {
            total += a[i] * b[i];
        }

        return total;
    }
}
