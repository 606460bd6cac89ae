using System.Buffers;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// Pillow's resampling weights along one axis (<c>precompute_coeffs</c> and <c>normalize_coeffs_8bpc</c> of its Resample.c) for a window
/// of the output, in pooled arrays.
/// </summary>
internal sealed class ResampleAxis : IDisposable
{
    /// <summary>Bits behind the point of the fixed-point weights.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    private int[]? _starts;
    private int[]? _lengths;
    private int[]? _weights;
    private double[]? _exactWeights;

    private ResampleAxis(int count, int stride)
    {
        Count = count;
        Stride = stride;
    }

    /// <summary>Number of output positions.</summary>
    public int Count { get; }

    /// <summary>Weights from one output position to the next; those behind a position's own are 0.</summary>
    public int Stride { get; }

    /// <summary>First input position of each output position.</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Count);

    /// <summary>Number of input positions of each output position.</summary>
    public ReadOnlySpan<int> Lengths => _lengths.AsSpan(0, Count);

    /// <summary>Fixed-point weights, <see cref="Stride"/> an output position; empty when exact ones were asked for.</summary>
    public ReadOnlySpan<int> Weights => _weights is null ? default : _weights.AsSpan(0, Count * Stride);

    /// <summary>The weights as double, as Pillow uses them for its 32-bit modes; empty unless asked for.</summary>
    public ReadOnlySpan<double> ExactWeights => _exactWeights is null ? default : _exactWeights.AsSpan(0, Count * Stride);

    /// <summary>First input position that any output position of the window needs.</summary>
    public int InputStart => Starts[0];

    /// <summary>One behind the last input position that any output position of the window needs.</summary>
    public int InputEnd => Starts[^1] + Lengths[^1];

    /// <summary>
    /// Computes the weights of <paramref name="count"/> output positions from <paramref name="first"/> on; <paramref name="boxStart"/> and
    /// <paramref name="boxSize"/> are the part of the input that becomes the whole output.
    /// </summary>
    public static ResampleAxis Create(int inSize, double boxStart, double boxSize, int outSize, int first, int count, Interpolation interpolation, bool exact, int padTo)
    {
        // Pillow takes the box as float32.
        double scale = (double)(float)boxSize / outSize;
        double filterScale = Math.Max(scale, 1.0);
        double support = (interpolation == Interpolation.Bicubic ? 2.0 : 1.0) * filterScale;
        double inverse = 1.0 / filterScale;
        int taps = (int)Math.Min((long)Math.Ceiling(support) * 2 + 1, inSize);
        int stride = (taps + padTo - 1) / padTo * padTo;
        ResampleAxis axis = new(count, stride)
        {
            _starts = ArrayPool<int>.Shared.Rent(count),
            _lengths = ArrayPool<int>.Shared.Rent(count),
            _weights = exact ? null : ArrayPool<int>.Shared.Rent(checked(count * stride)),
            _exactWeights = exact ? ArrayPool<double>.Shared.Rent(checked(count * stride)) : null,
        };
        double[] scratch = ArrayPool<double>.Shared.Rent(stride);
        for (int i = 0; i < count; i++)
        {
            double center = boxStart + (first + i + 0.5) * scale;
            int start = Math.Max((int)(center - support + 0.5), 0);
            int length = Math.Min((int)(center + support + 0.5), inSize) - start;
            double sum = 0;
            for (int x = 0; x < length; x++)
            {
                double weight = Filter((x + start - center + 0.5) * inverse, interpolation);
                scratch[x] = weight;
                sum += weight;
            }

            if (sum != 0)
            {
                for (int x = 0; x < length; x++)
                {
                    scratch[x] /= sum;
                }
            }

            axis._starts[i] = start;
            axis._lengths[i] = length;
            if (exact)
            {
                scratch.AsSpan(0, length).CopyTo(axis._exactWeights.AsSpan(i * stride));
                continue;
            }

            Span<int> weights = axis._weights.AsSpan(i * stride, stride);
            for (int x = 0; x < length; x++)
            {
                double weight = scratch[x] * (1 << PrecisionBits);
                weights[x] = (int)(weight < 0 ? weight - 0.5 : weight + 0.5);
            }

            weights[length..].Clear();
        }

        ArrayPool<double>.Shared.Return(scratch);
        return axis;
    }

    /// <summary>The most output positions that want something of the same <paramref name="span"/> input positions.</summary>
    public int MaxOverlap(int span)
    {
        int most = 1;
        for (int first = 0, last = 0; last < Count; last++)
        {
            while (_starts![first] + _lengths![first] + span - 1 <= _starts[last])
            {
                first++;
            }

            most = Math.Max(most, last - first + 1);
        }

        return most;
    }

    public void Dispose()
    {
        Return(ref _starts);
        Return(ref _lengths);
        Return(ref _weights);
        if (Interlocked.Exchange(ref _exactWeights, null) is { } exact)
        {
            ArrayPool<double>.Shared.Return(exact);
        }

        static void Return(ref int[]? array)
        {
            if (Interlocked.Exchange(ref array, null) is { } rented)
            {
                ArrayPool<int>.Shared.Return(rented);
            }
        }
    }

    private static double Filter(double x, Interpolation interpolation)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        if (interpolation == Interpolation.Bilinear)
        {
            return x < 1.0 ? 1.0 - x : 0.0;
        }

        if (x < 1.0)
        {
            return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
        }

        return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
    }
}
