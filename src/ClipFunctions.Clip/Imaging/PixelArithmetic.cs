using System.Runtime.Intrinsics;

namespace ClipFunctions.Clip.Imaging;

/// <summary>Pillow's integer conversions between modes (its Convert.c), pixel by pixel of four bytes.</summary>
internal static class PixelArithmetic
{
    /// <summary>a · b / 255, rounded: Pillow's <c>MULDIV255</c>.</summary>
    public static int MultiplyDivide255(int a, int b)
    {
        int t = a * b + 128;
        return ((t >> 8) + t) >> 8;
    }

    /// <summary>Multiplies colour by alpha (<c>rgbA2rgba</c>, the way to <c>RGBa</c>).</summary>
    public static void Premultiply(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<byte> alphas = Vector128.Create((byte)3, 3, 3, 3, 7, 7, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15);
            Vector128<byte> keep = Vector128.Create(0xFF000000u).AsByte();
            Vector128<ushort> half = Vector128.Create((ushort)128);
            for (; i + 16 <= source.Length; i += 16)
            {
                Vector128<byte> pixels = Vector128.Create(source.Slice(i, 16));

                // Alpha itself is multiplied by 255, which leaves it as it is.
                Vector128<byte> factor = Vector128.Shuffle(pixels, alphas) | keep;
                Vector128<ushort> low = Vector128.WidenLower(pixels) * Vector128.WidenLower(factor) + half;
                Vector128<ushort> high = Vector128.WidenUpper(pixels) * Vector128.WidenUpper(factor) + half;
                low = ((low >>> 8) + low) >>> 8;
                high = ((high >>> 8) + high) >>> 8;
                Vector128.Narrow(low, high).CopyTo(target[i..]);
            }
        }

        for (; i + 3 < source.Length; i += 4)
        {
            int alpha = source[i + 3];
            target[i] = (byte)MultiplyDivide255(source[i], alpha);
            target[i + 1] = (byte)MultiplyDivide255(source[i + 1], alpha);
            target[i + 2] = (byte)MultiplyDivide255(source[i + 2], alpha);
            target[i + 3] = (byte)alpha;
        }
    }

    /// <summary>Divides colour by alpha (<c>rgba2rgbA</c>, the way back).</summary>
    public static void Unpremultiply(Span<byte> pixels)
    {
        for (int i = 0; i + 3 < pixels.Length; i += 4)
        {
            int alpha = pixels[i + 3];
            if (alpha is not (0 or 255))
            {
                pixels[i] = (byte)Math.Min(255 * pixels[i] / alpha, 255);
                pixels[i + 1] = (byte)Math.Min(255 * pixels[i + 1] / alpha, 255);
                pixels[i + 2] = (byte)Math.Min(255 * pixels[i + 2] / alpha, 255);
            }
        }
    }

    /// <summary>Spreads pixels of three bytes to four, the fourth 255.</summary>
    public static void RgbToRgbx(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int s = 0, t = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<byte> order = Vector128.Create((byte)0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11);
            Vector128<byte> opaque = Vector128.Create(0xFF000000u).AsByte();
            for (; s + 16 <= source.Length; s += 12, t += 16)
            {
                (Vector128.Shuffle(Vector128.Create(source.Slice(s, 16)), order) | opaque).CopyTo(target[t..]);
            }
        }

        for (; s + 2 < source.Length; s += 3, t += 4)
        {
            target[t] = source[s];
            target[t + 1] = source[s + 1];
            target[t + 2] = source[s + 2];
            target[t + 3] = 255;
        }
    }

    /// <summary>Turns one row of any mode to red, green, blue of three bytes, alpha dropped: Pillow's <c>convert("RGB")</c>.</summary>
    public static void ToRgb(PixelMode mode, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        int o = 0;
        switch (mode)
        {
            case PixelMode.Bilevel or PixelMode.Gray:
                foreach (byte value in row)
                {
                    rgb[o] = value;
                    rgb[o + 1] = value;
                    rgb[o + 2] = value;
                    o += 3;
                }

                break;
            case PixelMode.Palette:
                foreach (byte index in row)
                {
                    palette.Slice(3 * index, 3).CopyTo(rgb[o..]);
                    o += 3;
                }

                break;
            case PixelMode.Gray16:
                for (int i = 0; i + 1 < row.Length; i += 2, o += 3)
                {
                    rgb.Slice(o, 3).Fill(row[i + 1] != 0 ? (byte)255 : row[i]);
                }

                break;
            case PixelMode.Cmyk:
                for (int i = 0; i + 3 < row.Length; i += 4, o += 3)
                {
                    int light = 255 - row[i + 3];
                    rgb[o] = (byte)Math.Max(light - MultiplyDivide255(row[i], light), 0);
                    rgb[o + 1] = (byte)Math.Max(light - MultiplyDivide255(row[i + 1], light), 0);
                    rgb[o + 2] = (byte)Math.Max(light - MultiplyDivide255(row[i + 2], light), 0);
                }

                break;
            default:
                int at = 0;
                if (Vector128.IsHardwareAccelerated)
                {
                    Vector128<byte> order = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0x80, 0x80, 0x80, 0x80);
                    for (; at + 16 <= row.Length && o + 16 <= rgb.Length; at += 16, o += 12)
                    {
                        Vector128.Shuffle(Vector128.Create(row.Slice(at, 16)), order).CopyTo(rgb[o..]);
                    }
                }

                for (int i = at; i + 3 < row.Length; i += 4, o += 3)
                {
                    rgb[o] = row[i];
                    rgb[o + 1] = row[i + 1];
                    rgb[o + 2] = row[i + 2];
                }

                break;
        }
    }
}
