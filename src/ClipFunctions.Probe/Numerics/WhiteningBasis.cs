using System.Numerics.Tensors;

namespace ClipFunctions.Probe.Numerics;

/// <summary>
/// The change of variables <c>W = U · T</c>, <c>T = L⁻¹</c> with <c>L · Lᵀ = scale · G + I</c>, in which the objective's Hessian is near a multiple
/// of the identity. Applied as float32 products; L-BFGS in U is then preconditioned L-BFGS in W.
/// </summary>
internal sealed unsafe class WhiteningBasis : IDisposable
{
    private const double Jitter = 1e-9;

    private readonly int _dimension;
    private readonly int _rows;
    private readonly int _pitch;
    private readonly NativeBuffer<float> _transposed;
    private readonly NativeBuffer<float> _straight;
    private readonly NativeBuffer<float> _input;
    private readonly NativeBuffer<float> _output;

    /// <summary>Factorises.</summary>
    /// <param name="gram">The centred Gram matrix G, <c>[dimension, pitch]</c>; its upper triangle is read.</param>
    /// <param name="gramPitch">From one row of it to the next.</param>
    /// <param name="dimension">Features.</param>
    /// <param name="scale">The factor of G, 0 or more.</param>
    /// <param name="rows">Rows of W.</param>
    public WhiteningBasis(ReadOnlySpan<double> gram, int gramPitch, int dimension, double scale, int rows)
    {
        (_dimension, _rows) = (dimension, rows);
        double[] t = Invert(Factorise(gram, gramPitch, dimension, scale), dimension);
        bool wide = Kernels.Wide;
        _pitch = Kernels.PackedWidth(dimension, wide);
        _transposed = new NativeBuffer<float>((long)_pitch * dimension);
        _straight = new NativeBuffer<float>((long)_pitch * dimension);
        _input = new NativeBuffer<float>((long)Kernels.TiledRows(rows, wide) * dimension);
        _output = new NativeBuffer<float>((long)Kernels.TiledRows(rows, wide) * _pitch);
        Kernels.Pack(t, dimension, 1, dimension, dimension, _transposed.Pointer, wide);
        Kernels.Pack(t, 1, dimension, dimension, dimension, _straight.Pointer, wide);
    }

    /// <summary>The gradient with respect to U: <c>G_W · Tᵀ</c>.</summary>
    public void ToWhite(ReadOnlySpan<double> gradient, Span<float> white)
    {
        TensorPrimitives.ConvertSaturating(gradient, _input.Span[..gradient.Length]);
        Apply(_transposed);
        for (int row = 0; row < _rows; row++)
        {
            _output.Span.Slice(row * _pitch, _dimension).CopyTo(white[(row * _dimension)..]);
        }
    }

    /// <summary>A step in W: <c>U · T</c>.</summary>
    public void FromWhite(ReadOnlySpan<float> white, Span<double> step)
    {
        white.CopyTo(_input.Span);
        Apply(_straight);
        for (int row = 0; row < _rows; row++)
        {
            TensorPrimitives.ConvertSaturating(_output.Span.Slice(row * _pitch, _dimension), step.Slice(row * _dimension, _dimension));
        }
    }

    public void Dispose()
    {
        _transposed.Dispose();
        _straight.Dispose();
        _input.Dispose();
        _output.Dispose();
    }

    private void Apply(NativeBuffer<float> matrix) =>
        Kernels.Multiply(_input.Pointer, _dimension, _rows, matrix.Pointer, _dimension, _dimension, _output.Pointer, _pitch, Kernels.Wide);

    /// <summary>The Cholesky factor, row by row. Round-off may make a matrix of duplicate columns indefinite: then the diagonal grows until it works.</summary>
    private static double[] Factorise(ReadOnlySpan<double> gram, int gramPitch, int dimension, double scale)
    {
        double largest = 0;
        for (int i = 0; i < dimension; i++)
        {
            largest = Math.Max(largest, scale * gram[(i * gramPitch) + i]);
        }

        double[] l = new double[checked(dimension * dimension)];
        for (double jitter = Jitter; ; jitter *= 100)
        {
            for (int i = 0; i < dimension; i++)
            {
                for (int j = 0; j <= i; j++)
                {
                    l[(i * dimension) + j] = scale * gram[(j * gramPitch) + i];
                }

                l[(i * dimension) + i] += 1 + (jitter * largest);
            }

            if (TryFactorise(l, dimension))
            {
                return l;
            }
        }
    }

    private static bool TryFactorise(double[] l, int dimension)
    {
        for (int i = 0; i < dimension; i++)
        {
            Span<double> row = l.AsSpan(i * dimension, i + 1);
            for (int j = 0; j < i; j++)
            {
                ReadOnlySpan<double> other = l.AsSpan(j * dimension, j + 1);
                row[j] = (row[j] - VectorLoops.Dot(row[..j], other[..j])) / other[j];
            }

            double pivot = row[i] - VectorLoops.Dot(row[..i], row[..i]);
            if (!(pivot > 0))
            {
                return false;
            }

            row[i] = Math.Sqrt(pivot);
        }

        return true;
    }

    /// <summary>The inverse of a lower triangle.</summary>
    private static double[] Invert(double[] l, int dimension)
    {
        double[] t = new double[l.Length];
        for (int i = 0; i < dimension; i++)
        {
            Span<double> row = t.AsSpan(i * dimension, i + 1);
            for (int j = 0; j < i; j++)
            {
                VectorLoops.AddScaled(t.AsSpan(j * dimension, j + 1), -l[(i * dimension) + j], row[..(j + 1)]);
            }

            row[i] = 1;
            TensorPrimitives.Divide(row, l[(i * dimension) + i], row);
        }

        return t;
    }
}
