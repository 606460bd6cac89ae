using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ClipFunctions.Probe.Numerics;

/// <summary>
/// The inner loops of the two matrix products, sized so that all sums stay in registers: 512-bit vectors where the CPU has them, else 256-bit
/// ones. The order of additions depends on the vector width, and on nothing else.
/// </summary>
internal static unsafe class Kernels
{
    /// <summary>A common multiple of the row tiles of both widths.</summary>
    public const int BlockRows = 120;

    /// <summary>Columns that a tile of either product writes at least: padded widths are multiples of it.</summary>
    public const int Padding = 32;

    /// <summary>Classes beyond the last that <see cref="AddOuter"/> may read.</summary>
    public const int ClassOverhang = 16;

    private const int WideRows = 12;
    private const int WideClasses = 10;
    private const int NarrowRows = 6;
    private const int NarrowClasses = 5;

    /// <summary>Whether the CPU computes with 512-bit vectors.</summary>
    public static bool Wide => Vector512.IsHardwareAccelerated;

    /// <summary>
    /// <c>z = x · wᵀ</c> for <see cref="BlockRows"/> rows or fewer, rounded up to a whole tile: rows behind the last are read and written.
    /// </summary>
    /// <param name="x">Rows of <paramref name="depth"/> numbers.</param>
    /// <param name="xPitch">From one row of x to the next.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="w">What <see cref="Pack"/> made of w.</param>
    /// <param name="outputs">Rows of w.</param>
    /// <param name="depth">The length of a sum.</param>
    /// <param name="z">The result.</param>
    /// <param name="zPitch">From one row of the result to the next, at least <see cref="PackedWidth"/> of the outputs.</param>
    /// <param name="wide">Whether to use 512-bit vectors.</param>
    public static void Multiply(float* x, nint xPitch, int rows, float* w, int outputs, int depth, float* z, nint zPitch, bool wide)
    {
        int width = wide ? Vector512<float>.Count : Vector256<float>.Count;
        int tile = wide ? WideRows : NarrowRows;
        int vectors = (outputs + width - 1) / width;
        for (int row = 0; row < rows; row += tile)
        {
            float* from = x + (row * xPitch);
            float* to = z + (row * zPitch);
            for (int vector = 0; vector < vectors; vector += 2)
            {
                float* panel = w + ((nint)vector * width * depth);
                float* target = to + (vector * width);
                bool pair = vector + 1 < vectors;
                if (wide && pair)
                {
                    Multiply12x32(from, xPitch, panel, depth, target, zPitch);
                }
                else if (wide)
                {
                    Multiply12x16(from, xPitch, panel, depth, target, zPitch);
                }
                else if (pair)
                {
                    Multiply6x16(from, xPitch, panel, depth, target, zPitch);
                }
                else
                {
                    Multiply6x8(from, xPitch, panel, depth, target, zPitch);
                }
            }
        }
    }

    /// <summary>Rows of a matrix rounded up to whole vectors.</summary>
    public static int PackedWidth(int outputs, bool wide)
    {
        int width = wide ? Vector512<float>.Count : Vector256<float>.Count;
        return (outputs + width - 1) / width * width;
    }

    /// <summary>Rows rounded up to whole tiles of <see cref="Multiply"/>.</summary>
    public static int TiledRows(int rows, bool wide)
    {
        int tile = wide ? WideRows : NarrowRows;
        return (rows + tile - 1) / tile * tile;
    }

    /// <summary>Rearranges a matrix for <see cref="Multiply"/>: panels of two vectors of rows (the last may be of one), depth by depth; missing rows are zeros.</summary>
    /// <param name="w">The matrix, <c>[outputs, depth]</c>.</param>
    /// <param name="rowStride">From one output to the next.</param>
    /// <param name="columnStride">From one number of an output to the next.</param>
    /// <param name="outputs">Its rows.</param>
    /// <param name="depth">Its columns.</param>
    /// <param name="packed">Room for <see cref="PackedWidth"/> × <paramref name="depth"/> numbers.</param>
    /// <param name="wide">Whether <see cref="Multiply"/> will use 512-bit vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(ReadOnlySpan<double> w, int rowStride, int columnStride, int outputs, int depth, float* packed, bool wide)
    {
        int width = wide ? Vector512<float>.Count : Vector256<float>.Count;
        int padded = PackedWidth(outputs, wide);
        for (int first = 0; first < padded; first += 2 * width)
        {
            int columns = Math.Min(2 * width, padded - first);
            float* panel = packed + ((nint)first * depth);
            for (int column = 0; column < columns; column++)
            {
                int output = first + column;
                for (int j = 0; j < depth; j++)
                {
                    panel[((nint)j * columns) + column] = output < outputs ? (float)w[(output * rowStride) + (j * columnStride)] : 0;
                }
            }
        }
    }

    /// <summary><c>sums += rᵀ · x</c>: the block's products are summed in float32, then added to the double sums.</summary>
    /// <param name="r">Rows of one number for each class; <see cref="ClassOverhang"/> numbers behind the last class are read.</param>
    /// <param name="rPitch">From one row of r to the next.</param>
    /// <param name="classes">Rows of the result.</param>
    /// <param name="x">Rows of features; their pitch is a multiple of <see cref="Padding"/> or more.</param>
    /// <param name="xPitch">From one row of x to the next.</param>
    /// <param name="from">The first feature, a multiple of <see cref="Padding"/>.</param>
    /// <param name="to">Behind the last feature; rounded up to a whole tile.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="sums">The result, <c>[classes, pitch]</c>.</param>
    /// <param name="sumPitch">From one class to the next, a multiple of <see cref="Padding"/>.</param>
    /// <param name="wide">Whether to use 512-bit vectors.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddOuter(float* r, nint rPitch, int classes, float* x, nint xPitch, int from, int to, int rows, double* sums, nint sumPitch, bool wide)
    {
        int columns = 2 * (wide ? Vector512<float>.Count : Vector256<float>.Count);
        int tile = wide ? WideClasses : NarrowClasses;
        float* block = stackalloc float[WideClasses * 2 * 16];
        for (int column = from; column < to; column += columns)
        {
            for (int first = 0; first < classes; first += tile)
            {
                if (wide)
                {
                    Outer10x32(r + first, rPitch, x + column, xPitch, rows, block);
                }
                else
                {
                    Outer5x16(r + first, rPitch, x + column, xPitch, rows, block);
                }

                int count = Math.Min(tile, classes - first);
                for (int c = 0; c < count; c++)
                {
                    double* target = sums + ((first + c) * sumPitch) + column;
                    float* source = block + (c * columns);
                    for (int j = 0; j < columns; j += Vector256<float>.Count)
                    {
                        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Load(source + j));
                        (Vector256.Load(target + j) + low).Store(target + j);
                        (Vector256.Load(target + j + 4) + high).Store(target + j + 4);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply12x32(float* x, nint xPitch, float* w, int depth, float* z, nint zPitch)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        Vector512<float> a6 = default, a7 = default, a8 = default, a9 = default, a10 = default, a11 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default;
        Vector512<float> b6 = default, b7 = default, b8 = default, b9 = default, b10 = default, b11 = default;
        float* x3 = x + (3 * xPitch);
        float* x6 = x + (6 * xPitch);
        float* x9 = x + (9 * xPitch);
        for (nint j = 0; j < depth; j++)
        {
            Vector512<float> w0 = Vector512.Load(w);
            Vector512<float> w1 = Vector512.Load(w + 16);
            w += 32;
            Vector512<float> v = Vector512.Create(x[0]);
            a0 = Vector512.FusedMultiplyAdd(v, w0, a0);
            b0 = Vector512.FusedMultiplyAdd(v, w1, b0);
            v = Vector512.Create(x[xPitch]);
            a1 = Vector512.FusedMultiplyAdd(v, w0, a1);
            b1 = Vector512.FusedMultiplyAdd(v, w1, b1);
            v = Vector512.Create(x[2 * xPitch]);
            a2 = Vector512.FusedMultiplyAdd(v, w0, a2);
            b2 = Vector512.FusedMultiplyAdd(v, w1, b2);
            v = Vector512.Create(x3[0]);
            a3 = Vector512.FusedMultiplyAdd(v, w0, a3);
            b3 = Vector512.FusedMultiplyAdd(v, w1, b3);
            v = Vector512.Create(x3[xPitch]);
            a4 = Vector512.FusedMultiplyAdd(v, w0, a4);
            b4 = Vector512.FusedMultiplyAdd(v, w1, b4);
            v = Vector512.Create(x3[2 * xPitch]);
            a5 = Vector512.FusedMultiplyAdd(v, w0, a5);
            b5 = Vector512.FusedMultiplyAdd(v, w1, b5);
            v = Vector512.Create(x6[0]);
            a6 = Vector512.FusedMultiplyAdd(v, w0, a6);
            b6 = Vector512.FusedMultiplyAdd(v, w1, b6);
            v = Vector512.Create(x6[xPitch]);
            a7 = Vector512.FusedMultiplyAdd(v, w0, a7);
            b7 = Vector512.FusedMultiplyAdd(v, w1, b7);
            v = Vector512.Create(x6[2 * xPitch]);
            a8 = Vector512.FusedMultiplyAdd(v, w0, a8);
            b8 = Vector512.FusedMultiplyAdd(v, w1, b8);
            v = Vector512.Create(x9[0]);
            a9 = Vector512.FusedMultiplyAdd(v, w0, a9);
            b9 = Vector512.FusedMultiplyAdd(v, w1, b9);
            v = Vector512.Create(x9[xPitch]);
            a10 = Vector512.FusedMultiplyAdd(v, w0, a10);
            b10 = Vector512.FusedMultiplyAdd(v, w1, b10);
            v = Vector512.Create(x9[2 * xPitch]);
            a11 = Vector512.FusedMultiplyAdd(v, w0, a11);
            b11 = Vector512.FusedMultiplyAdd(v, w1, b11);
            x++;
            x3++;
            x6++;
            x9++;
        }

        Store(a0, b0, z);
        Store(a1, b1, z + zPitch);
        Store(a2, b2, z + (2 * zPitch));
        Store(a3, b3, z + (3 * zPitch));
        Store(a4, b4, z + (4 * zPitch));
        Store(a5, b5, z + (5 * zPitch));
        Store(a6, b6, z + (6 * zPitch));
        Store(a7, b7, z + (7 * zPitch));
        Store(a8, b8, z + (8 * zPitch));
        Store(a9, b9, z + (9 * zPitch));
        Store(a10, b10, z + (10 * zPitch));
        Store(a11, b11, z + (11 * zPitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply12x16(float* x, nint xPitch, float* w, int depth, float* z, nint zPitch)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        Vector512<float> a6 = default, a7 = default, a8 = default, a9 = default, a10 = default, a11 = default;
        float* x3 = x + (3 * xPitch);
        float* x6 = x + (6 * xPitch);
        float* x9 = x + (9 * xPitch);
        for (nint j = 0; j < depth; j++)
        {
            Vector512<float> w0 = Vector512.Load(w);
            w += 16;
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(x[0]), w0, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(x[xPitch]), w0, a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.Create(x[2 * xPitch]), w0, a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.Create(x3[0]), w0, a3);
            a4 = Vector512.FusedMultiplyAdd(Vector512.Create(x3[xPitch]), w0, a4);
            a5 = Vector512.FusedMultiplyAdd(Vector512.Create(x3[2 * xPitch]), w0, a5);
            a6 = Vector512.FusedMultiplyAdd(Vector512.Create(x6[0]), w0, a6);
            a7 = Vector512.FusedMultiplyAdd(Vector512.Create(x6[xPitch]), w0, a7);
            a8 = Vector512.FusedMultiplyAdd(Vector512.Create(x6[2 * xPitch]), w0, a8);
            a9 = Vector512.FusedMultiplyAdd(Vector512.Create(x9[0]), w0, a9);
            a10 = Vector512.FusedMultiplyAdd(Vector512.Create(x9[xPitch]), w0, a10);
            a11 = Vector512.FusedMultiplyAdd(Vector512.Create(x9[2 * xPitch]), w0, a11);
            x++;
            x3++;
            x6++;
            x9++;
        }

        a0.Store(z);
        a1.Store(z + zPitch);
        a2.Store(z + (2 * zPitch));
        a3.Store(z + (3 * zPitch));
        a4.Store(z + (4 * zPitch));
        a5.Store(z + (5 * zPitch));
        a6.Store(z + (6 * zPitch));
        a7.Store(z + (7 * zPitch));
        a8.Store(z + (8 * zPitch));
        a9.Store(z + (9 * zPitch));
        a10.Store(z + (10 * zPitch));
        a11.Store(z + (11 * zPitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply6x16(float* x, nint xPitch, float* w, int depth, float* z, nint zPitch)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        Vector256<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default;
        float* x3 = x + (3 * xPitch);
        for (nint j = 0; j < depth; j++)
        {
            Vector256<float> w0 = Vector256.Load(w);
            Vector256<float> w1 = Vector256.Load(w + 8);
            w += 16;
            Vector256<float> v = Vector256.Create(x[0]);
            a0 = Vector256.FusedMultiplyAdd(v, w0, a0);
            b0 = Vector256.FusedMultiplyAdd(v, w1, b0);
            v = Vector256.Create(x[xPitch]);
            a1 = Vector256.FusedMultiplyAdd(v, w0, a1);
            b1 = Vector256.FusedMultiplyAdd(v, w1, b1);
            v = Vector256.Create(x[2 * xPitch]);
            a2 = Vector256.FusedMultiplyAdd(v, w0, a2);
            b2 = Vector256.FusedMultiplyAdd(v, w1, b2);
            v = Vector256.Create(x3[0]);
            a3 = Vector256.FusedMultiplyAdd(v, w0, a3);
            b3 = Vector256.FusedMultiplyAdd(v, w1, b3);
            v = Vector256.Create(x3[xPitch]);
            a4 = Vector256.FusedMultiplyAdd(v, w0, a4);
            b4 = Vector256.FusedMultiplyAdd(v, w1, b4);
            v = Vector256.Create(x3[2 * xPitch]);
            a5 = Vector256.FusedMultiplyAdd(v, w0, a5);
            b5 = Vector256.FusedMultiplyAdd(v, w1, b5);
            x++;
            x3++;
        }

        Store(a0, b0, z);
        Store(a1, b1, z + zPitch);
        Store(a2, b2, z + (2 * zPitch));
        Store(a3, b3, z + (3 * zPitch));
        Store(a4, b4, z + (4 * zPitch));
        Store(a5, b5, z + (5 * zPitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply6x8(float* x, nint xPitch, float* w, int depth, float* z, nint zPitch)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        float* x3 = x + (3 * xPitch);
        for (nint j = 0; j < depth; j++)
        {
            Vector256<float> w0 = Vector256.Load(w);
            w += 8;
            a0 = Vector256.FusedMultiplyAdd(Vector256.Create(x[0]), w0, a0);
            a1 = Vector256.FusedMultiplyAdd(Vector256.Create(x[xPitch]), w0, a1);
            a2 = Vector256.FusedMultiplyAdd(Vector256.Create(x[2 * xPitch]), w0, a2);
            a3 = Vector256.FusedMultiplyAdd(Vector256.Create(x3[0]), w0, a3);
            a4 = Vector256.FusedMultiplyAdd(Vector256.Create(x3[xPitch]), w0, a4);
            a5 = Vector256.FusedMultiplyAdd(Vector256.Create(x3[2 * xPitch]), w0, a5);
            x++;
            x3++;
        }

        a0.Store(z);
        a1.Store(z + zPitch);
        a2.Store(z + (2 * zPitch));
        a3.Store(z + (3 * zPitch));
        a4.Store(z + (4 * zPitch));
        a5.Store(z + (5 * zPitch));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Outer10x32(float* r, nint rPitch, float* x, nint xPitch, int rows, float* block)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default;
        Vector512<float> a5 = default, a6 = default, a7 = default, a8 = default, a9 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default;
        Vector512<float> b5 = default, b6 = default, b7 = default, b8 = default, b9 = default;
        for (int row = 0; row < rows; row++)
        {
            Vector512<float> x0 = Vector512.Load(x);
            Vector512<float> x1 = Vector512.Load(x + 16);
            Vector512<float> v = Vector512.Create(r[0]);
            a0 = Vector512.FusedMultiplyAdd(v, x0, a0);
            b0 = Vector512.FusedMultiplyAdd(v, x1, b0);
            v = Vector512.Create(r[1]);
            a1 = Vector512.FusedMultiplyAdd(v, x0, a1);
            b1 = Vector512.FusedMultiplyAdd(v, x1, b1);
            v = Vector512.Create(r[2]);
            a2 = Vector512.FusedMultiplyAdd(v, x0, a2);
            b2 = Vector512.FusedMultiplyAdd(v, x1, b2);
            v = Vector512.Create(r[3]);
            a3 = Vector512.FusedMultiplyAdd(v, x0, a3);
            b3 = Vector512.FusedMultiplyAdd(v, x1, b3);
            v = Vector512.Create(r[4]);
            a4 = Vector512.FusedMultiplyAdd(v, x0, a4);
            b4 = Vector512.FusedMultiplyAdd(v, x1, b4);
            v = Vector512.Create(r[5]);
            a5 = Vector512.FusedMultiplyAdd(v, x0, a5);
            b5 = Vector512.FusedMultiplyAdd(v, x1, b5);
            v = Vector512.Create(r[6]);
            a6 = Vector512.FusedMultiplyAdd(v, x0, a6);
            b6 = Vector512.FusedMultiplyAdd(v, x1, b6);
            v = Vector512.Create(r[7]);
            a7 = Vector512.FusedMultiplyAdd(v, x0, a7);
            b7 = Vector512.FusedMultiplyAdd(v, x1, b7);
            v = Vector512.Create(r[8]);
            a8 = Vector512.FusedMultiplyAdd(v, x0, a8);
            b8 = Vector512.FusedMultiplyAdd(v, x1, b8);
            v = Vector512.Create(r[9]);
            a9 = Vector512.FusedMultiplyAdd(v, x0, a9);
            b9 = Vector512.FusedMultiplyAdd(v, x1, b9);
            r += rPitch;
            x += xPitch;
        }

        Store(a0, b0, block);
        Store(a1, b1, block + 32);
        Store(a2, b2, block + 64);
        Store(a3, b3, block + 96);
        Store(a4, b4, block + 128);
        Store(a5, b5, block + 160);
        Store(a6, b6, block + 192);
        Store(a7, b7, block + 224);
        Store(a8, b8, block + 256);
        Store(a9, b9, block + 288);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Outer5x16(float* r, nint rPitch, float* x, nint xPitch, int rows, float* block)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default;
        Vector256<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default;
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> x0 = Vector256.Load(x);
            Vector256<float> x1 = Vector256.Load(x + 8);
            Vector256<float> v = Vector256.Create(r[0]);
            a0 = Vector256.FusedMultiplyAdd(v, x0, a0);
            b0 = Vector256.FusedMultiplyAdd(v, x1, b0);
            v = Vector256.Create(r[1]);
            a1 = Vector256.FusedMultiplyAdd(v, x0, a1);
            b1 = Vector256.FusedMultiplyAdd(v, x1, b1);
            v = Vector256.Create(r[2]);
            a2 = Vector256.FusedMultiplyAdd(v, x0, a2);
            b2 = Vector256.FusedMultiplyAdd(v, x1, b2);
            v = Vector256.Create(r[3]);
            a3 = Vector256.FusedMultiplyAdd(v, x0, a3);
            b3 = Vector256.FusedMultiplyAdd(v, x1, b3);
            v = Vector256.Create(r[4]);
            a4 = Vector256.FusedMultiplyAdd(v, x0, a4);
            b4 = Vector256.FusedMultiplyAdd(v, x1, b4);
            r += rPitch;
            x += xPitch;
        }

        Store(a0, b0, block);
        Store(a1, b1, block + 16);
        Store(a2, b2, block + 32);
        Store(a3, b3, block + 48);
        Store(a4, b4, block + 64);
    }

    private static void Store(Vector512<float> low, Vector512<float> high, float* to)
    {
        low.Store(to);
        high.Store(to + 16);
    }

    private static void Store(Vector256<float> low, Vector256<float> high, float* to)
    {
        low.Store(to);
        high.Store(to + 8);
    }
}
