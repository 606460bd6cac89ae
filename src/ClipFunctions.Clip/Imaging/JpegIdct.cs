namespace ClipFunctions.Clip.Imaging;

/// <summary>libjpeg's accurate integer inverse DCT (jidctint.c), with the 16-bit saturation of libjpeg-turbo's vector code.</summary>
internal static class JpegIdct
{
    private const int ConstBits = 13;
    private const int Pass1Bits = 2;

    /// <summary>Dequantises and transforms a block of 64 coefficients in natural order to 8 × 8 samples.</summary>
    public static void Transform(ReadOnlySpan<short> block, ReadOnlySpan<ushort> quantization, Span<byte> target, int stride)
    {
        Span<int> work = stackalloc int[64];
        Span<int> row = stackalloc int[8];
        for (int x = 0; x < 8; x++)
        {
            for (int i = 0; i < 8; i++)
            {
                row[i] = (short)(block[8 * i + x] * quantization[8 * i + x]);
            }

            if ((row[1] | row[2] | row[3] | row[4] | row[5] | row[6] | row[7]) == 0)
            {
                int dc = (short)(row[0] << Pass1Bits);
                for (int i = 0; i < 8; i++)
                {
                    work[8 * i + x] = dc;
                }

                continue;
            }

            Eight(row, ConstBits - Pass1Bits);
            for (int i = 0; i < 8; i++)
            {
                work[8 * i + x] = Math.Clamp(row[i], short.MinValue, short.MaxValue);
            }
        }

        for (int y = 0; y < 8; y++)
        {
            Span<int> line = work.Slice(8 * y, 8);
            Eight(line, ConstBits + Pass1Bits + 3);
            Span<byte> samples = target.Slice(y * stride, 8);
            for (int x = 0; x < 8; x++)
            {
                samples[x] = (byte)(Math.Clamp(line[x], -128, 127) + 128);
            }
        }
    }

    private static void Eight(Span<int> v, int shift)
    {
        int round = 1 << (shift - 1);
        int z1 = (v[2] + v[6]) * 4433;
        int even2 = z1 - v[6] * 15137;
        int even3 = z1 + v[2] * 6270;
        int even0 = (v[0] + v[4]) << ConstBits;
        int even1 = (v[0] - v[4]) << ConstBits;
        int e0 = even0 + even3, e3 = even0 - even3, e1 = even1 + even2, e2 = even1 - even2;

        int t0 = v[7], t1 = v[5], t2 = v[3], t3 = v[1];
        z1 = t0 + t3;
        int z2 = t1 + t2, z3 = t0 + t2, z4 = t1 + t3;
        int z5 = (z3 + z4) * 9633;
        t0 *= 2446;
        t1 *= 16819;
        t2 *= 25172;
        t3 *= 12299;
        z1 *= -7373;
        z2 *= -20995;
        z3 = z3 * -16069 + z5;
        z4 = z4 * -3196 + z5;
        t0 += z1 + z3;
        t1 += z2 + z4;
        t2 += z2 + z3;
        t3 += z1 + z4;
        v[0] = (e0 + t3 + round) >> shift;
        v[7] = (e0 - t3 + round) >> shift;
        v[1] = (e1 + t2 + round) >> shift;
        v[6] = (e1 - t2 + round) >> shift;
        v[2] = (e2 + t1 + round) >> shift;
        v[5] = (e2 - t1 + round) >> shift;
        v[3] = (e3 + t0 + round) >> shift;
        v[4] = (e3 - t0 + round) >> shift;
    }
}
