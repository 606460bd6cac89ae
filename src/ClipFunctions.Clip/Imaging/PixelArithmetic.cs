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
        for (int i = 0; i + 3 < source.Length; i += 4)
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
                for (int i = 0; i + 3 < row.Length; i += 4, o += 3)
                {
                    rgb[o] = row[i];
                    rgb[o + 1] = row[i + 1];
                    rgb[o + 2] = row[i + 2];
                }

                break;
        }
    }
}
