using System.Collections.Concurrent;
using SkiaSharp;

namespace ClipFunctions.Testing;

/// <summary>
/// Pictures of a class: the sample of that name turned and scaled, else a shape of a form and colour of the class's own. The same for the same
/// arguments.
/// </summary>
public static class DrawnPictures
{
    private const int Forms = 6;
    private const int Hues = 18;

    private static readonly ConcurrentDictionary<string, SKImage?> Samples = new(StringComparer.Ordinal);

    /// <summary>A picture as a file.</summary>
    /// <param name="className">The class.</param>
    /// <param name="look">The class's number, which tells its shape; 108 look different.</param>
    /// <param name="seed">Each seed gives another picture.</param>
    /// <param name="side">Width and height.</param>
    /// <param name="format">The file's format.</param>
    public static byte[] Encode(string className, int look, int seed, int side, SKEncodedImageFormat format)
    {
        using SKBitmap bitmap = Draw(className, look, seed, side);
        using SKData data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    /// <summary>The pixels as CIFAR has them: all of red, then of green, then of blue, row by row.</summary>
    /// <param name="className">The class.</param>
    /// <param name="look">The class's number, which tells its shape; 108 look different.</param>
    /// <param name="seed">Each seed gives another picture.</param>
    /// <param name="side">Width and height.</param>
    public static byte[] Planes(string className, int look, int seed, int side)
    {
        using SKBitmap bitmap = Draw(className, look, seed, side);
        ReadOnlySpan<byte> pixels = bitmap.GetPixelSpan();
        byte[] planes = new byte[3 * side * side];
        for (int i = 0; i < side * side; i++)
        {
            for (int colour = 0; colour < 3; colour++)
            {
                planes[(colour * side * side) + i] = pixels[(4 * i) + colour];
            }
        }

        return planes;
    }

    private static SKBitmap Draw(string className, int look, int seed, int side)
    {
        Random random = new((look * 2_000_003) + seed);
        SKBitmap bitmap = new(new SKImageInfo(side, side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using SKCanvas canvas = new(bitmap);
        canvas.Clear(SKColor.FromHsv(random.Next(360), random.Next(40), random.Next(20, 100)));
        canvas.Translate(side * (0.4f + (0.2f * random.NextSingle())), side * (0.4f + (0.2f * random.NextSingle())));
        canvas.RotateDegrees(random.Next(-25, 26));
        canvas.Scale(side * (0.7f + (0.5f * random.NextSingle())));
        using SKPaint paint = new() { IsAntialias = true };
        if (Samples.GetOrAdd(className, Sample) is { } sample)
        {
            float scale = 1f / Math.Max(sample.Width, sample.Height);
            canvas.Scale(random.Next(2) == 0 ? scale : -scale, scale);
            canvas.DrawImage(sample, -sample.Width / 2f, -sample.Height / 2f, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear), paint);
        }
        else
        {
            paint.Color = SKColor.FromHsv((look / Forms * 7 % Hues * (360 / Hues)) + random.Next(10), random.Next(70, 100), random.Next(70, 100));
            Draw(canvas, paint, look % Forms);
        }

        return bitmap;
    }

    private static void Draw(SKCanvas canvas, SKPaint paint, int form)
    {
        switch (form)
        {
            case 0:
                canvas.DrawCircle(0, 0, 0.35f, paint);
                break;
            case 1:
                canvas.DrawRect(-0.3f, -0.3f, 0.6f, 0.6f, paint);
                break;
            case 2:
                canvas.DrawRect(-0.42f, -0.14f, 0.84f, 0.28f, paint);
                break;
            case 3:
                paint.Style = SKPaintStyle.Stroke;
                paint.StrokeWidth = 0.14f;
                canvas.DrawCircle(0, 0, 0.3f, paint);
                break;
            case 4:
                canvas.DrawRect(-0.4f, -0.1f, 0.8f, 0.2f, paint);
                canvas.DrawRect(-0.1f, -0.4f, 0.2f, 0.8f, paint);
                break;
            default:
                using (SKPathBuilder builder = new())
                {
                    builder.MoveTo(0, -0.4f);
                    builder.LineTo(0.4f, 0.35f);
                    builder.LineTo(-0.4f, 0.35f);
                    builder.Close();
                    using SKPath path = builder.Detach();
                    canvas.DrawPath(path, paint);
                }

                break;
        }
    }

    private static SKImage? Sample(string className)
    {
        string name = className.Replace('_', '-').Replace(' ', '-');
        string? file = Directory.GetFiles(RepositoryPaths.Samples, $"{name}.*").Order(StringComparer.Ordinal).FirstOrDefault();
        return file is null ? null : SKImage.FromEncodedData(file);
    }
}
