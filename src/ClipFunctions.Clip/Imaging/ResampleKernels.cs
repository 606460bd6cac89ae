using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ClipFunctions.Clip.Imaging;

/// <summary>The inner loops of the 8-bit resize. All arithmetic is 32-bit integer, so the order of additions does not matter.</summary>
internal static unsafe class ResampleKernels
{
    private const int Half = 1 << (ResampleAxis.PrecisionBits - 1);

    /// <summary>Taps that one step takes of a four-byte pixel: each tap's weight stands four times in the weights.</summary>
    public const int TapsOfFour = 4;

    /// <summary>Taps that one step takes of a one-byte pixel.</summary>
    public const int TapsOfOne = 16;

    /// <summary>
    /// Horizontal pass over four-byte pixels. <paramref name="weights"/> holds each weight four times; reads up to 15 bytes behind the
    /// last pixel that counts (their weight is 0).
    /// </summary>
    public static void HorizontalFour(byte* source, nint sourceStride, int rows, byte* target, nint targetStride, int* starts, int* lengths, int* weights, int weightStride, int count)
    {
        int row = 0;
        for (; row + 4 <= rows; row += 4, source += 4 * sourceStride, target += 4 * targetStride)
        {
            for (int i = 0; i < count; i++)
            {
                byte* s0 = source + (nint)starts[i] * 4;
                byte* s1 = s0 + sourceStride;
                byte* s2 = s1 + sourceStride;
                byte* s3 = s2 + sourceStride;
                int* w = weights + (nint)i * weightStride * 4;
                int steps = (lengths[i] + TapsOfFour - 1) / TapsOfFour;
                uint* t = (uint*)(target + (nint)i * 4);
                if (Avx512F.IsSupported)
                {
                    Vector512<int> a0 = default, a1 = default, a2 = default, a3 = default;
                    for (int step = 0; step < steps; step++, s0 += 16, s1 += 16, s2 += 16, s3 += 16, w += 16)
                    {
                        Vector512<int> k = Vector512.Load(w);
                        a0 += Widen512(s0) * k;
                        a1 += Widen512(s1) * k;
                        a2 += Widen512(s2) * k;
                        a3 += Widen512(s3) * k;
                    }

                    Vector128<uint> pixels = Clip(a0, a1, a2, a3).AsUInt32();
                    *t = pixels[0];
                    *(uint*)((byte*)t + targetStride) = pixels[1];
                    *(uint*)((byte*)t + 2 * targetStride) = pixels[2];
                    *(uint*)((byte*)t + 3 * targetStride) = pixels[3];
                }
                else
                {
                    Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
                    for (int step = 0; step < 2 * steps; step++, s0 += 8, s1 += 8, s2 += 8, s3 += 8, w += 8)
                    {
                        Vector256<int> k = Vector256.Load(w);
                        a0 += Widen256(s0) * k;
                        a1 += Widen256(s1) * k;
                        a2 += Widen256(s2) * k;
                        a3 += Widen256(s3) * k;
                    }

                    *t = Clip(Fold(a0));
                    *(uint*)((byte*)t + targetStride) = Clip(Fold(a1));
                    *(uint*)((byte*)t + 2 * targetStride) = Clip(Fold(a2));
                    *(uint*)((byte*)t + 3 * targetStride) = Clip(Fold(a3));
                }
            }
        }

        for (; row < rows; row++, source += sourceStride, target += targetStride)
        {
            for (int i = 0; i < count; i++)
            {
                byte* s = source + (nint)starts[i] * 4;
                int* w = weights + (nint)i * weightStride * 4;
                int steps = (lengths[i] + TapsOfFour - 1) / TapsOfFour * 2;
                Vector256<int> sum = default;
                for (int step = 0; step < steps; step++, s += 8, w += 8)
                {
                    sum += Widen256(s) * Vector256.Load(w);
                }

                ((uint*)target)[i] = Clip(Fold(sum));
            }
        }
    }

    /// <summary>Horizontal pass over one-byte pixels; reads up to 15 bytes behind the last pixel that counts (their weight is 0).</summary>
    public static void HorizontalOne(byte* source, nint sourceStride, int rows, byte* target, nint targetStride, int* starts, int* lengths, int* weights, int weightStride, int count)
    {
        for (int row = 0; row < rows; row++, source += sourceStride, target += targetStride)
        {
            for (int i = 0; i < count; i++)
            {
                byte* s = source + starts[i];
                int* w = weights + (nint)i * weightStride;
                int steps = (lengths[i] + TapsOfOne - 1) / TapsOfOne;
                int sum;
                if (Vector512.IsHardwareAccelerated)
                {
                    Vector512<int> a = default;
                    for (int step = 0; step < steps; step++, s += 16, w += 16)
                    {
                        a += Widen512(s) * Vector512.Load(w);
                    }

                    sum = Vector512.Sum(a);
                }
                else
                {
                    Vector256<int> a = default, b = default;
                    for (int step = 0; step < steps; step++, s += 16, w += 16)
                    {
                        a += Widen256(s) * Vector256.Load(w);
                        b += Widen256(s + 8) * Vector256.Load(w + 8);
                    }

                    sum = Vector256.Sum(a + b);
                }

                target[i] = (byte)Math.Clamp((sum + Half) >> ResampleAxis.PrecisionBits, 0, 255);
            }
        }
    }

    /// <summary>Adds four weighted rows to the sums; <paramref name="count"/> is rounded up to 16, and all buffers reach that far.</summary>
    public static void AccumulateFour(int* sums, byte* rows, nint stride, int* weights, int count)
    {
        byte* r0 = rows, r1 = rows + stride, r2 = r1 + stride, r3 = r2 + stride;
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<int> k0 = Vector512.Create(weights[0]), k1 = Vector512.Create(weights[1]), k2 = Vector512.Create(weights[2]), k3 = Vector512.Create(weights[3]);
            for (int i = 0; i < count; i += 16)
            {
                (Vector512.Load(sums + i) + Widen512(r0 + i) * k0 + Widen512(r1 + i) * k1 + (Widen512(r2 + i) * k2 + Widen512(r3 + i) * k3)).Store(sums + i);
            }
        }
        else
        {
            Vector256<int> k0 = Vector256.Create(weights[0]), k1 = Vector256.Create(weights[1]), k2 = Vector256.Create(weights[2]), k3 = Vector256.Create(weights[3]);
            for (int i = 0; i < count; i += 8)
            {
                (Vector256.Load(sums + i) + Widen256(r0 + i) * k0 + Widen256(r1 + i) * k1 + (Widen256(r2 + i) * k2 + Widen256(r3 + i) * k3)).Store(sums + i);
            }
        }
    }

    /// <summary>Rounds and clips sums to bytes; <paramref name="count"/> is rounded up to 16, and both buffers reach that far.</summary>
    public static void Finish(int* sums, byte* target, int count)
    {
        Vector128<int> half = Vector128.Create(Half);
        for (int i = 0; i < count; i += 16)
        {
            Vector128<short> low = Vector128.NarrowWithSaturation(
                (Vector128.Load(sums + i) + half) >> ResampleAxis.PrecisionBits,
                (Vector128.Load(sums + i + 4) + half) >> ResampleAxis.PrecisionBits);
            Vector128<short> high = Vector128.NarrowWithSaturation(
                (Vector128.Load(sums + i + 8) + half) >> ResampleAxis.PrecisionBits,
                (Vector128.Load(sums + i + 12) + half) >> ResampleAxis.PrecisionBits);
            low = Vector128.Min(Vector128.Max(low, Vector128<short>.Zero), Vector128.Create((short)255));
            high = Vector128.Min(Vector128.Max(high, Vector128<short>.Zero), Vector128.Create((short)255));
            Vector128.Narrow(low.AsUInt16(), high.AsUInt16()).Store(target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen512(byte* source) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(Vector128.Load(source))
            : Vector512.Create(Widen256(source), Widen256(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen256(byte* source)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(source);
        }

        Vector128<ushort> wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte());
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(wide);
        return Vector256.Create(low.AsInt32(), high.AsInt32());
    }

    // The sums of four rows, each in four parts, become four pixels at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Clip(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        Vector512<int> ab = Avx512F.Shuffle4x128(a, b, 0b01_00_01_00) + Avx512F.Shuffle4x128(a, b, 0b11_10_11_10);
        Vector512<int> cd = Avx512F.Shuffle4x128(c, d, 0b01_00_01_00) + Avx512F.Shuffle4x128(c, d, 0b11_10_11_10);
        Vector512<int> sum = Avx512F.Shuffle4x128(ab, cd, 0b10_00_10_00) + Avx512F.Shuffle4x128(ab, cd, 0b11_01_11_01);
        Vector512<int> value = Vector512.Max((sum + Vector512.Create(Half)) >> ResampleAxis.PrecisionBits, Vector512<int>.Zero);
        return Avx512F.ConvertToVector128ByteWithSaturation(value.AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Fold(Vector256<int> sum) => sum.GetLower() + sum.GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Clip(Vector128<int> sum)
    {
        Vector128<int> value = (sum + Vector128.Create(Half)) >> ResampleAxis.PrecisionBits;
        value = Vector128.Min(Vector128.Max(value, Vector128<int>.Zero), Vector128.Create(255));
        Vector128<ushort> shorts = Vector128.Narrow(value.AsUInt32(), value.AsUInt32());
        return Vector128.Narrow(shorts, shorts).AsUInt32().ToScalar();
    }
}
