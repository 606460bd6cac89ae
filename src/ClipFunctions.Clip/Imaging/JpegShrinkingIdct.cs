using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// An inverse DCT to fewer samples than 8 × 8: the lowest coefficients alone, as the DCT of a smaller block. The picture is shrunk without being decoded in full.
/// </summary>
internal static unsafe class JpegShrinkingIdct
{
    // [size, sample, coefficient], padded to 8 × 8.
    private static readonly float[][] Bases = [.. Enumerable.Range(0, 9).Select(Basis)];

    // The same with samples innermost.
    private static readonly float[][] Turned = [.. Bases.Select(b => Enumerable.Range(0, 64).Select(i => b[i % 8 * 8 + i / 8]).ToArray())];

    /// <summary>Dequantises and transforms a block to <paramref name="height"/> rows of <paramref name="width"/> samples; up to 8 bytes a row are written.</summary>
    [SkipLocalsInit]
    public static void Transform(short* block, ushort* quantization, byte* target, nint stride, int width, int height)
    {
        if (width == 1 && height == 1)
        {
            *target = Sample(block[0] * quantization[0]);
            return;
        }

        if (width == 2 && height == 2)
        {
            int mean = block[0] * quantization[0], across2 = block[1] * quantization[1];
            int down2 = block[8] * quantization[8], both = block[9] * quantization[9];
            target[0] = Sample(mean + across2 + down2 + both);
            target[1] = Sample(mean - across2 + down2 - both);
            target[stride] = Sample(mean + across2 - down2 - both);
            target[stride + 1] = Sample(mean - across2 - down2 + both);
            return;
        }

        if (width <= 4 && height <= 4)
        {
            TransformToFour(block, quantization, target, stride, width, height);
        }
        else
        {
            TransformToEight(block, quantization, target, stride, width, height);
        }
    }

    private static void TransformToFour(short* block, ushort* quantization, byte* target, nint stride, int width, int height)
    {
        Vector128<int> v0 = Load(0), v1 = Load(1), v2 = Load(2), v3 = Load(3);
        if (((v0 & Vector128.Create(0, -1, -1, -1)) | v1 | v2 | v3) == Vector128<int>.Zero)
        {
            Flat(v0.ToScalar(), target, stride, height);
            return;
        }

        Vector128<float> r0 = Vector128.ConvertToSingle(v0), r1 = Vector128.ConvertToSingle(v1);
        Vector128<float> r2 = Vector128.ConvertToSingle(v2), r3 = Vector128.ConvertToSingle(v3);
        fixed (float* down = Bases[height], across = Turned[width])
        {
            Vector128<float> a0 = Vector128.Load(across), a1 = Vector128.Load(across + 8), a2 = Vector128.Load(across + 16), a3 = Vector128.Load(across + 24);
            for (int y = 0; y < height; y++)
            {
                float* d = down + 8 * y;
                Vector128<float> row = d[0] * r0 + d[1] * r1 + d[2] * r2 + d[3] * r3;
                Vector128<float> sum = Vector128.Create(128.5f) + row.GetElement(0) * a0 + row.GetElement(1) * a1 + row.GetElement(2) * a2 + row.GetElement(3) * a3;
                Vector128<int> samples = Vector128.ConvertToInt32(Vector128.Clamp(sum, Vector128<float>.Zero, Vector128.Create(255f)));
                Vector128<ushort> narrow = Vector128.Narrow(samples, samples).AsUInt16();
                Unsafe.WriteUnaligned(target + y * stride, Vector128.Narrow(narrow, narrow).AsUInt32().ToScalar());
            }
        }

        Vector128<int> Load(int row) =>
            Vector128.WidenLower(Vector128.Load(block + 8 * row)) * Vector128.WidenLower(Vector128.Load(quantization + 8 * row)).AsInt32();
    }

    [SkipLocalsInit]
    private static void TransformToEight(short* block, ushort* quantization, byte* target, nint stride, int width, int height)
    {
        float* rows = stackalloc float[64];
        Vector256<int> others = Vector256<int>.Zero;
        for (int k = 0; k < height; k++)
        {
            Vector256<int> values = Wide(Vector128.Load(block + 8 * k)) * Wide(Vector128.Load(quantization + 8 * k)).AsInt32();
            Vector256.ConvertToSingle(values).Store(rows + 8 * k);
            others |= k == 0 ? values & Vector256.Create(0, -1, -1, -1, -1, -1, -1, -1) : values;
        }

        if (others == Vector256<int>.Zero)
        {
            Flat(block[0] * quantization[0], target, stride, height);
            return;
        }

        fixed (float* down = Bases[height], across = Turned[width])
        {
            for (int y = 0; y < height; y++)
            {
                Vector256<float> row = Vector256<float>.Zero;
                for (int k = 0; k < height; k++)
                {
                    row += Vector256.Create(down[8 * y + k]) * Vector256.Load(rows + 8 * k);
                }

                Vector256<float> sum = Vector256.Create(128.5f);
                for (int k = 0; k < width; k++)
                {
                    sum += Vector256.Create(row.GetElement(k)) * Vector256.Load(across + 8 * k);
                }

                // Cut off, not rounded: the half is in the sum.
                Vector256<int> samples = Vector256.ConvertToInt32(Vector256.Clamp(sum, Vector256<float>.Zero, Vector256.Create(255f)));
                Vector128<ushort> narrow = Vector128.Narrow(samples.GetLower(), samples.GetUpper()).AsUInt16();
                Unsafe.WriteUnaligned(target + y * stride, Vector128.Narrow(narrow, narrow).AsUInt64().ToScalar());
            }
        }
    }

    private static void Flat(int eightfold, byte* target, nint stride, int height)
    {
        ulong samples = 0x0101010101010101UL * Sample(eightfold);
        for (int y = 0; y < height; y++)
        {
            Unsafe.WriteUnaligned(target + y * stride, samples);
        }
    }

    private static byte Sample(int eightfold) => (byte)Math.Clamp(((eightfold + 4) >> 3) + 128, 0, 255);

    private static Vector256<uint> Wide(Vector128<ushort> values) => Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));

    private static Vector256<int> Wide(Vector128<short> values) => Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));

    private static float[] Basis(int size)
    {
        float[] basis = new float[64];
        for (int n = 0; n < size; n++)
        {
            for (int k = 0; k < size; k++)
            {
                // Orthonormal for a block of this size; by the root of size / 8, because there are fewer samples to share the energy.
                double norm = Math.Sqrt((k == 0 ? 1.0 : 2.0) / size) * Math.Sqrt(size / 8.0);
                basis[8 * n + k] = (float)(norm * Math.Cos((2 * n + 1) * k * Math.PI / (2 * size)));
            }
        }

        return basis;
    }
}
