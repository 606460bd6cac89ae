using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ClipFunctions.Clip.Imaging;

/// <summary>libjpeg's luma and chroma to red, green, blue in 16-bit fixed point (jdcolor.c), and the rows of samples put together to pixels.</summary>
internal static unsafe class JpegColor
{
    private const int AtOnce = 16;

    /// <summary>A row of luma and chroma to red, green, blue, 255.</summary>
    public static void ToRgb(byte* luma, byte* blue, byte* red, byte* target, int first, int end)
    {
        int x = first;
        if (Avx2.IsSupported && end - first >= AtOnce)
        {
            for (; x < end; x += AtOnce)
            {
                // The last ones anew rather than beyond the end.
                x = Math.Min(x, end - AtOnce);
                Vector256<short> y = Wide(luma + x);
                Vector256<short> cb = Wide(blue + x) - Vector256.Create((short)128), cr = Wide(red + x) - Vector256.Create((short)128);

                // 1.402 = 1 + 0.402 and 1.772 = 2 − 0.228, so that the factors fit.
                Vector256<short> r = y + cr + Rounded(cr, 26345);
                Vector256<short> b = y + cb + cb + Rounded(cb, -14942);
                Vector256<short> factors = Vector256.Create(18734 << 16 | (-22554 & 0xFFFF)).AsInt16();
                Vector256<int> half = Vector256.Create(32768);
                Vector256<int> low = Avx2.ShiftRightArithmetic(Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(cb, cr), factors) + half, 16);
                Vector256<int> high = Avx2.ShiftRightArithmetic(Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(cb, cr), factors) + half, 16);
                Vector256<short> g = y + Avx2.PackSignedSaturate(low, high) - cr;
                Store(r, g, b, target + 4 * x);
            }

            return;
        }

        for (; x < end; x++)
        {
            int y = luma[x], cb = blue[x] - 128, cr = red[x] - 128;
            target[4 * x] = (byte)Math.Clamp(y + ((91881 * cr + 32768) >> 16), 0, 255);
            target[4 * x + 1] = (byte)Math.Clamp(y + ((-22554 * cb - 46802 * cr + 32768) >> 16), 0, 255);
            target[4 * x + 2] = (byte)Math.Clamp(y + ((116130 * cb + 32768) >> 16), 0, 255);
            target[4 * x + 3] = byte.MaxValue;
        }
    }

    /// <summary>A row of red, green and blue samples to red, green, blue, 255.</summary>
    public static void Interleave(byte* red, byte* green, byte* blue, byte* target, int first, int end)
    {
        int x = first;
        if (Avx2.IsSupported && end - first >= AtOnce)
        {
            for (; x < end; x += AtOnce)
            {
                x = Math.Min(x, end - AtOnce);
                Store(Wide(red + x), Wide(green + x), Wide(blue + x), target + 4 * x);
            }

            return;
        }

        for (; x < end; x++)
        {
            target[4 * x] = red[x];
            target[4 * x + 1] = green[x];
            target[4 * x + 2] = blue[x];
            target[4 * x + 3] = byte.MaxValue;
        }
    }

    /// <summary>
    /// A row of inks, inverted, as Pillow does it for every such file. Luma and chroma stand for inverted inks: libjpeg inverts them, and Pillow takes that back.
    /// </summary>
    public static void ToInks(bool isLumaChroma, byte* first, byte* second, byte* third, byte* black, byte* target, int start, int end)
    {
        if (isLumaChroma)
        {
            ToRgb(first, second, third, target, start, end);
        }
        else
        {
            Interleave(first, second, third, target, start, end);
            for (int x = 4 * start; x < 4 * end; x++)
            {
                target[x] = (byte)~target[x];
            }
        }

        for (int x = start; x < end; x++)
        {
            target[4 * x + 3] = (byte)~black[x];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Wide(byte* samples) => Avx2.ConvertToVector256Int16(samples);

    // Times the factor in 65536ths, rounded.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Rounded(Vector256<short> value, short factor) =>
        Avx2.ShiftRightArithmetic(Avx2.MultiplyHigh(value + value, Vector256.Create(factor)) + Vector256<short>.One, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<short> r, Vector256<short> g, Vector256<short> b, byte* target)
    {
        Vector256<byte> rb = Avx2.PackUnsignedSaturate(r, b), ga = Avx2.PackUnsignedSaturate(g, Vector256.Create((short)255));
        Vector256<short> rg = Avx2.UnpackLow(rb, ga).AsInt16(), ba = Avx2.UnpackHigh(rb, ga).AsInt16();
        Vector256<byte> low = Avx2.UnpackLow(rg, ba).AsByte(), high = Avx2.UnpackHigh(rg, ba).AsByte();
        Avx2.Permute2x128(low, high, 0x20).Store(target);
        Avx2.Permute2x128(low, high, 0x31).Store(target + 32);
    }
}
