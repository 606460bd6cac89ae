using ClipFunctions.Clip.Imaging;

namespace ClipFunctions.Clip.Tests.Imaging;

/// <summary>Pillow's resize written down plainly: one pixel after the other, no windows, no vectors, no streaming.</summary>
internal static class SlowResize
{
    private const int Bits = 22;

    /// <summary>Resizes a whole picture; channels are interleaved. 16-bit gray is not done here.</summary>
    public static byte[] Resize(byte[] pixels, PixelMode mode, int width, int height, int newWidth, int newHeight, Interpolation interpolation)
    {
        if (width == newWidth && height == newHeight)
        {
            return [.. pixels];
        }

        int channels = pixels.Length / (width * height);
        if (mode is PixelMode.Palette or PixelMode.Bilevel)
        {
            return Nearest(pixels, width, height, newWidth, newHeight);
        }

        bool alpha = mode is PixelMode.Rgba or PixelMode.GrayAlpha;
        byte[] work = [.. pixels];
        for (int i = 0; alpha && i < work.Length; i++)
        {
            if (i % 4 != 3)
            {
                int product = pixels[i] * pixels[i / 4 * 4 + 3] + 128;
                work[i] = (byte)(((product >> 8) + product) >> 8);
            }
        }

        if (newWidth != width)
        {
            work = Pass(work, height, width, newWidth, channels, width * channels, channels, interpolation, false);
        }

        if (newHeight != height)
        {
            work = Pass(work, newWidth, height, newHeight, channels, channels, newWidth * channels, interpolation, true);
        }

        for (int i = 0; alpha && i < work.Length; i++)
        {
            int a = work[i / 4 * 4 + 3];
            if (i % 4 != 3 && a is not (0 or 255))
            {
                work[i] = (byte)Math.Min(255 * work[i] / a, 255);
            }
        }

        return work;
    }

    private static byte[] Nearest(byte[] pixels, int width, int height, int newWidth, int newHeight)
    {
        byte[] result = new byte[newWidth * newHeight];
        double stepX = (double)width / newWidth, stepY = (double)height / newHeight;
        double y = stepY * 0.5;
        for (int j = 0; j < newHeight; j++, y += stepY)
        {
            double x = stepX * 0.5;
            for (int i = 0; i < newWidth; i++, x += stepX)
            {
                result[j * newWidth + i] = pixels[(int)y * width + (int)x];
            }
        }

        return result;
    }

    private static byte[] Pass(byte[] pixels, int lines, int inSize, int outSize, int channels, int lineStep, int step, Interpolation interpolation, bool vertical)
    {
        byte[] result = new byte[lines * outSize * channels];
        double scale = (double)inSize / outSize, wide = Math.Max(scale, 1);
        double support = (interpolation == Interpolation.Bicubic ? 2 : 1) * wide;
        for (int o = 0; o < outSize; o++)
        {
            double center = (o + 0.5) * scale;
            int from = Math.Max((int)(center - support + 0.5), 0), to = Math.Min((int)(center + support + 0.5), inSize);
            double[] weights = [.. Enumerable.Range(from, to - from).Select(x => Filter((x - center + 0.5) * (1.0 / wide), interpolation))];
            double sum = 0;
            foreach (double w in weights)
            {
                sum += w;
            }

            int[] fixedWeights = [.. weights.Select(w => w / sum * (1 << Bits)).Select(w => (int)(w < 0 ? w - 0.5 : w + 0.5))];
            for (int line = 0; line < lines; line++)
            {
                for (int c = 0; c < channels; c++)
                {
                    int total = 1 << (Bits - 1);
                    for (int x = from; x < to; x++)
                    {
                        total += pixels[line * lineStep + x * step + c] * fixedWeights[x - from];
                    }

                    int at = vertical ? (o * lines + line) * channels : (line * outSize + o) * channels;
                    result[at + c] = (byte)Math.Clamp(total >> Bits, 0, 255);
                }
            }
        }

        return result;
    }

    private static double Filter(double x, Interpolation interpolation)
    {
        x = Math.Abs(x);
        return interpolation == Interpolation.Bilinear ? Math.Max(1 - x, 0)
            : x < 1 ? (1.5 * x - 2.5) * x * x + 1
            : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5
            : 0;
    }
}
