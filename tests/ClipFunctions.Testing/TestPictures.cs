using SkiaSharp;

namespace ClipFunctions.Testing;

/// <summary>Pictures drawn for a test.</summary>
public static class TestPictures
{
    /// <summary>A JPEG of a disc on a ground, both coloured by <paramref name="seed"/>: each seed gives other bytes.</summary>
    public static byte[] Jpeg(int seed, int width = 160, int height = 120) => Encode(seed, width, height, SKEncodedImageFormat.Jpeg);

    /// <summary>The same as PNG.</summary>
    public static byte[] Png(int seed, int width = 160, int height = 120) => Encode(seed, width, height, SKEncodedImageFormat.Png);

    private static byte[] Encode(int seed, int width, int height, SKEncodedImageFormat format)
    {
        Random random = new(seed);
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (SKCanvas canvas = new(bitmap))
        using (SKPaint paint = new() { Color = Colour(random), IsAntialias = true })
        {
            canvas.Clear(Colour(random));
            canvas.DrawCircle(width * random.NextSingle(), height * random.NextSingle(), Math.Min(width, height) * 0.3f, paint);
        }

        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    private static SKColor Colour(Random random) => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
}
