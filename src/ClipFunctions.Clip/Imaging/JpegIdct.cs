using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// libjpeg's accurate integer inverse DCT (jidctint.c) with the 16-bit arithmetic of libjpeg-turbo's vector code, which matters where damaged
/// coefficients overflow.
/// </summary>
internal static unsafe class JpegIdct
{
    private const int ConstBits = 13;
    private const int Pass1Bits = 2;

    /// <summary>Dequantises and transforms two blocks that lie one behind the other, to 8 rows of 16 samples.</summary>
    /// <param name="blocks">2 × 64 coefficients in natural order.</param>
    /// <param name="quantization">64 factors in natural order.</param>
    /// <param name="target">Takes the samples.</param>
    /// <param name="stride">Bytes from row to row.</param>
    [SkipLocalsInit]
    public static void TransformTwo(short* blocks, ushort* quantization, byte* target, nint stride)
    {
        if (!Avx2.IsSupported)
        {
            Transform(blocks, quantization, target, stride);
            Transform(blocks + 64, quantization, target + 8, stride);
            return;
        }

        Vector256<short> v0 = Load(blocks, 0), v1 = Load(blocks, 1), v2 = Load(blocks, 2), v3 = Load(blocks, 3);
        Vector256<short> v4 = Load(blocks, 4), v5 = Load(blocks, 5), v6 = Load(blocks, 6), v7 = Load(blocks, 7);
        short* factors = (short*)quantization;
        Vector256<short> behind = v1 | v2 | v3 | v4 | v5 | v6 | v7;
        if (((v0 & Vector256.Create(0, -1, -1, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1, -1, -1)) | behind) == Vector256<short>.Zero)
        {
            Vector256<short> level = Avx2.ShiftLeftLogical(v0 * Vector256.Create(*factors), Pass1Bits);
            level = Avx2.ShiftRightArithmetic(level + Vector256.Create((short)16), 5);
            Vector128<byte> both = Vector128.Create(Sample(level.GetElement(0)), Sample(level.GetElement(8))).AsByte();
            for (int y = 0; y < 8; y++)
            {
                both.Store(target + y * stride);
            }

            return;
        }

        v0 *= Factors(factors, 0);
        if (behind == Vector256<short>.Zero)
        {
            // The same numbers quicker; where they overflow, libjpeg-turbo's differ here from those of the whole way.
            v0 = Avx2.ShiftLeftLogical(v0, Pass1Bits);
            v1 = v2 = v3 = v4 = v5 = v6 = v7 = v0;
        }
        else
        {
            v1 *= Factors(factors, 1);
            v2 *= Factors(factors, 2);
            v3 *= Factors(factors, 3);
            v4 *= Factors(factors, 4);
            v5 *= Factors(factors, 5);
            v6 *= Factors(factors, 6);
            v7 *= Factors(factors, 7);
            Eight(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ConstBits - Pass1Bits);
        }

        Transpose(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7);
        Eight(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ConstBits + Pass1Bits + 3);

        // Columns of 16-bit numbers become rows of bytes.
        Vector256<sbyte> p02 = Avx2.PackSignedSaturate(v0, v2), p13 = Avx2.PackSignedSaturate(v1, v3);
        Vector256<sbyte> p46 = Avx2.PackSignedSaturate(v4, v6), p57 = Avx2.PackSignedSaturate(v5, v7);
        Vector256<short> a01 = Avx2.UnpackLow(p02, p13).AsInt16(), a23 = Avx2.UnpackHigh(p02, p13).AsInt16();
        Vector256<short> a45 = Avx2.UnpackLow(p46, p57).AsInt16(), a67 = Avx2.UnpackHigh(p46, p57).AsInt16();
        Vector256<int> l0 = Avx2.UnpackLow(a01, a23).AsInt32(), h0 = Avx2.UnpackHigh(a01, a23).AsInt32();
        Vector256<int> l4 = Avx2.UnpackLow(a45, a67).AsInt32(), h4 = Avx2.UnpackHigh(a45, a67).AsInt32();
        Store(Avx2.UnpackLow(l0, l4), target, stride);
        Store(Avx2.UnpackHigh(l0, l4), target + 2 * stride, stride);
        Store(Avx2.UnpackLow(h0, h4), target + 4 * stride, stride);
        Store(Avx2.UnpackHigh(h0, h4), target + 6 * stride, stride);
    }

    /// <summary>Dequantises and transforms a block, without vector instructions.</summary>
    [SkipLocalsInit]
    public static void Transform(short* block, ushort* quantization, byte* target, nint stride)
    {
        int* work = stackalloc int[64];
        int* column = stackalloc int[8];
        for (int x = 0; x < 8; x++)
        {
            for (int i = 0; i < 8; i++)
            {
                column[i] = (short)(block[8 * i + x] * quantization[8 * i + x]);
            }

            if (new ReadOnlySpan<short>(block + 8, 56).ContainsAnyExcept((short)0))
            {
                Eight(column, ConstBits - Pass1Bits);
            }
            else
            {
                new Span<int>(column, 8).Fill((short)(column[0] << Pass1Bits));
            }

            for (int i = 0; i < 8; i++)
            {
                work[8 * i + x] = column[i];
            }
        }

        for (int y = 0; y < 8; y++)
        {
            int* line = work + 8 * y;
            Eight(line, ConstBits + Pass1Bits + 3);
            for (int x = 0; x < 8; x++)
            {
                target[y * stride + x] = (byte)(Math.Clamp(line[x], -128, 127) + 128);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Load(short* blocks, int row) => Vector256.Create(Vector128.Load(blocks + 8 * row), Vector128.Load(blocks + 64 + 8 * row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Factors(short* factors, int row) => Avx2.BroadcastVector128ToVector256(factors + 8 * row);

    private static ulong Sample(short level) => 0x0101010101010101UL * (byte)(Math.Clamp((int)level, -128, 127) + 128);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<int> twoRows, byte* target, nint stride)
    {
        // Row y of both blocks, then row y + 1.
        Vector256<byte> ordered = Avx2.Permute4x64(twoRows.AsUInt64(), 0b11_01_10_00).AsByte() ^ Vector256.Create((byte)0x80);
        ordered.GetLower().Store(target);
        ordered.GetUpper().Store(target + stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        ref Vector256<short> v0, ref Vector256<short> v1, ref Vector256<short> v2, ref Vector256<short> v3,
        ref Vector256<short> v4, ref Vector256<short> v5, ref Vector256<short> v6, ref Vector256<short> v7)
    {
        Vector256<int> a0 = Avx2.UnpackLow(v0, v1).AsInt32(), a1 = Avx2.UnpackHigh(v0, v1).AsInt32();
        Vector256<int> a2 = Avx2.UnpackLow(v2, v3).AsInt32(), a3 = Avx2.UnpackHigh(v2, v3).AsInt32();
        Vector256<int> a4 = Avx2.UnpackLow(v4, v5).AsInt32(), a5 = Avx2.UnpackHigh(v4, v5).AsInt32();
        Vector256<int> a6 = Avx2.UnpackLow(v6, v7).AsInt32(), a7 = Avx2.UnpackHigh(v6, v7).AsInt32();
        Vector256<long> b0 = Avx2.UnpackLow(a0, a2).AsInt64(), b1 = Avx2.UnpackHigh(a0, a2).AsInt64();
        Vector256<long> b2 = Avx2.UnpackLow(a1, a3).AsInt64(), b3 = Avx2.UnpackHigh(a1, a3).AsInt64();
        Vector256<long> b4 = Avx2.UnpackLow(a4, a6).AsInt64(), b5 = Avx2.UnpackHigh(a4, a6).AsInt64();
        Vector256<long> b6 = Avx2.UnpackLow(a5, a7).AsInt64(), b7 = Avx2.UnpackHigh(a5, a7).AsInt64();
        v0 = Avx2.UnpackLow(b0, b4).AsInt16();
        v1 = Avx2.UnpackHigh(b0, b4).AsInt16();
        v2 = Avx2.UnpackLow(b1, b5).AsInt16();
        v3 = Avx2.UnpackHigh(b1, b5).AsInt16();
        v4 = Avx2.UnpackLow(b2, b6).AsInt16();
        v5 = Avx2.UnpackHigh(b2, b6).AsInt16();
        v6 = Avx2.UnpackLow(b3, b7).AsInt16();
        v7 = Avx2.UnpackHigh(b3, b7).AsInt16();
    }

    /// <summary>Eight points of each of 16 columns. Products of two are summed in 32 bits (pmaddwd), results saturate to 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(
        ref Vector256<short> v0, ref Vector256<short> v1, ref Vector256<short> v2, ref Vector256<short> v3,
        ref Vector256<short> v4, ref Vector256<short> v5, ref Vector256<short> v6, ref Vector256<short> v7, [ConstantExpected] byte shift)
    {
        Vector256<int> round = Vector256.Create(1 << (shift - 1));

        Vector256<short> low = Avx2.UnpackLow(v2, v6), high = Avx2.UnpackHigh(v2, v6);
        Vector256<short> even3 = Pair(4433 + 6270, 4433), even2 = Pair(4433, 4433 - 15137);
        Vector256<int> e3Low = Avx2.MultiplyAddAdjacent(low, even3), e3High = Avx2.MultiplyAddAdjacent(high, even3);
        Vector256<int> e2Low = Avx2.MultiplyAddAdjacent(low, even2), e2High = Avx2.MultiplyAddAdjacent(high, even2);
        Vector256<short> sum = v0 + v4, difference = v0 - v4;
        Vector256<int> e0Low = Wide(sum, false) + round, e0High = Wide(sum, true) + round;
        Vector256<int> e1Low = Wide(difference, false) + round, e1High = Wide(difference, true) + round;
        Vector256<int> t10Low = e0Low + e3Low, t10High = e0High + e3High, t13Low = e0Low - e3Low, t13High = e0High - e3High;
        Vector256<int> t11Low = e1Low + e2Low, t11High = e1High + e2High, t12Low = e1Low - e2Low, t12High = e1High - e2High;

        Vector256<short> z3 = v7 + v3, z4 = v5 + v1;
        low = Avx2.UnpackLow(z3, z4);
        high = Avx2.UnpackHigh(z3, z4);
        Vector256<short> forZ3 = Pair(9633 - 16069, 9633), forZ4 = Pair(9633, 9633 - 3196);
        Vector256<int> z3Low = Avx2.MultiplyAddAdjacent(low, forZ3), z3High = Avx2.MultiplyAddAdjacent(high, forZ3);
        Vector256<int> z4Low = Avx2.MultiplyAddAdjacent(low, forZ4), z4High = Avx2.MultiplyAddAdjacent(high, forZ4);

        low = Avx2.UnpackLow(v7, v1);
        high = Avx2.UnpackHigh(v7, v1);
        Vector256<short> for0 = Pair(2446 - 7373, -7373), for3 = Pair(-7373, 12299 - 7373);
        Vector256<int> o0Low = Avx2.MultiplyAddAdjacent(low, for0) + z3Low, o0High = Avx2.MultiplyAddAdjacent(high, for0) + z3High;
        Vector256<int> o3Low = Avx2.MultiplyAddAdjacent(low, for3) + z4Low, o3High = Avx2.MultiplyAddAdjacent(high, for3) + z4High;
        v0 = Narrow(t10Low + o3Low, t10High + o3High, shift);
        v7 = Narrow(t10Low - o3Low, t10High - o3High, shift);

        low = Avx2.UnpackLow(v5, v3);
        high = Avx2.UnpackHigh(v5, v3);
        Vector256<short> for1 = Pair(16819 - 20995, -20995), for2 = Pair(-20995, 25172 - 20995);
        Vector256<int> o1Low = Avx2.MultiplyAddAdjacent(low, for1) + z4Low, o1High = Avx2.MultiplyAddAdjacent(high, for1) + z4High;
        Vector256<int> o2Low = Avx2.MultiplyAddAdjacent(low, for2) + z3Low, o2High = Avx2.MultiplyAddAdjacent(high, for2) + z3High;
        v1 = Narrow(t11Low + o2Low, t11High + o2High, shift);
        v6 = Narrow(t11Low - o2Low, t11High - o2High, shift);
        v2 = Narrow(t12Low + o1Low, t12High + o1High, shift);
        v5 = Narrow(t12Low - o1Low, t12High - o1High, shift);
        v3 = Narrow(t13Low + o0Low, t13High + o0High, shift);
        v4 = Narrow(t13Low - o0Low, t13High - o0High, shift);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair(short first, short second) => Vector256.Create(second << 16 | (ushort)first).AsInt16();

    // Times 2 to the power of ConstBits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Wide(Vector256<short> value, bool high) => Avx2.ShiftRightArithmetic(
        (high ? Avx2.UnpackHigh(Vector256<short>.Zero, value) : Avx2.UnpackLow(Vector256<short>.Zero, value)).AsInt32(), 16 - ConstBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Narrow(Vector256<int> low, Vector256<int> high, [ConstantExpected] byte shift) =>
        Avx2.PackSignedSaturate(Avx2.ShiftRightArithmetic(low, shift), Avx2.ShiftRightArithmetic(high, shift));

    private static void Eight(int* v, int shift)
    {
        int round = 1 << (shift - 1);
        int z1 = (v[2] + v[6]) * 4433;
        int even2 = z1 - v[6] * 15137;
        int even3 = z1 + v[2] * 6270;
        int even0 = (short)(v[0] + v[4]) << ConstBits;
        int even1 = (short)(v[0] - v[4]) << ConstBits;
        int e0 = even0 + even3, e3 = even0 - even3, e1 = even1 + even2, e2 = even1 - even2;

        int t0 = v[7], t1 = v[5], t2 = v[3], t3 = v[1];
        int z3 = (short)(t0 + t2), z4 = (short)(t1 + t3);
        int z5 = (z3 + z4) * 9633;
        z1 = (t0 + t3) * -7373;
        int z2 = (t1 + t2) * -20995;
        z3 = z3 * -16069 + z5;
        z4 = z4 * -3196 + z5;
        t0 = t0 * 2446 + z1 + z3;
        t1 = t1 * 16819 + z2 + z4;
        t2 = t2 * 25172 + z2 + z3;
        t3 = t3 * 12299 + z1 + z4;
        v[0] = Narrow(e0 + t3);
        v[7] = Narrow(e0 - t3);
        v[1] = Narrow(e1 + t2);
        v[6] = Narrow(e1 - t2);
        v[2] = Narrow(e2 + t1);
        v[5] = Narrow(e2 - t1);
        v[3] = Narrow(e3 + t0);
        v[4] = Narrow(e3 - t0);

        int Narrow(int value) => Math.Clamp((value + round) >> shift, short.MinValue, short.MaxValue);
    }
}
