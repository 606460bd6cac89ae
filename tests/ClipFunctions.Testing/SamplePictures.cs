using SkiaSharp;

namespace ClipFunctions.Testing;

/// <summary>As many pictures as are wanted, made of those in <c>samples/</c>.</summary>
public static class SamplePictures
{
    /// <summary>A JPEG of 320 × 240: a sample turned, scaled, perhaps mirrored, on a ground of another colour; the same for the same number.</summary>
    public static byte[] Varied(int index)
    {
        string[] samples = [.. Directory.GetFiles(RepositoryPaths.Samples).Order(StringComparer.Ordinal)];
        Random random = new(index);
        using SKBitmap sample = SKBitmap.Decode(samples[index % samples.Length]);
        using SKBitmap canvas = new(320, 240);
        using SKCanvas drawing = new(canvas);
        drawing.Clear(new SKColor((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)));
        drawing.Translate(160, 120);
        drawing.RotateDegrees(random.Next(-15, 16));
        float scale = (float)((0.8 + (0.6 * random.NextDouble())) * 240 / Math.Min(sample.Width, sample.Height));
        drawing.Scale(random.Next(2) == 0 ? scale : -scale, scale);
        using SKImage image = SKImage.FromBitmap(sample);
        using SKPaint paint = new();
        drawing.DrawImage(image, -sample.Width / 2f, -sample.Height / 2f, new SKSamplingOptions(SKCubicResampler.Mitchell), paint);
        drawing.Flush();
        using SKImage result = SKImage.FromBitmap(canvas);
        using SKData data = result.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }
}
