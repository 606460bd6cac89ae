using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;
using SkiaSharp;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// Fast pixels against exact ones: cosines of vectors, differences of pixels and the time of both, on JPEGs with a long side of 1000 to 4000 pixels: enlarged
/// samples, with noise like a film's or without, noise at every scale, and gradients with fine noise; quality 75 to 95, 4:2:0 and 4:4:4.
/// </summary>
internal static class FastModeAgreement
{
    private const int Count = 240;

    private static readonly string[] Kinds = ["sample", "sample with grain", "noise at every scale", "gradient with fine noise"];

    public static async Task RunAsync(string folder, IReadOnlyList<string> models)
    {
        Directory.CreateDirectory(folder);
        Console.WriteLine("| model | pictures | cosine of vectors, mean / least | same top-1 of its own labels | levels a pixel: mean / worst picture's mean / worst | exact ÷ fast, time | the least cosine's picture |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach (string name in models)
        {
            string stem = TrueSizeCheckpoint.FileName(name);
            string source = name == "demo" ? Path.Combine(RepositoryPaths.DemoBundle, "source") : Path.Combine(folder, $"{stem}.safetensors");
            if (name != "demo" && !File.Exists(source))
            {
                TrueSizeCheckpoint.Of(name).Write(source);
            }

            ModelBundle bundle = await CheckpointConverter.ConvertAsync(source, Path.Combine(folder, $"{stem}.fast"), new ConversionOptions { Id = "fast", Precision = ModelPrecision.Fp32, Overwrite = true });
            using ClipModel model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu", Preprocessing = PreprocessingMode.Fast });
            Compare(name, model);
        }
    }

    private static void Compare(string name, ClipModel model)
    {
        int each = model.Preprocessor.PixelCount;
        byte[] exact = new byte[each], fast = new byte[each];
        EmbeddingMatrix? labels = model.Bundle.LabelsPath is { } path ? model.EncodeText([.. LabelSet.Load(path).Labels.Select(label => $"a photo of a {label}.")]) : null;
        double cosines = 0, levels = 0, worstMean = 0;
        double least = 2;
        int worst = 0, same = 0;
        long exactTicks = 0, fastTicks = 0;
        string leastPicture = "";
        for (int i = -1; i < Count; i++)
        {
            (byte[] file, string description) = Picture(Math.Max(i, 0));
            long start = Stopwatch.GetTimestamp();
            model.ExactPreprocessor.Preprocess(file, exact);
            long between = Stopwatch.GetTimestamp();
            model.Preprocessor.Preprocess(file, fast);
            long end = Stopwatch.GetTimestamp();
            if (i < 0)
            {
                continue;
            }

            exactTicks += between - start;
            fastTicks += end - between;
            int[] differences = [.. exact.Zip(fast, (a, b) => Math.Abs(a - b))];
            levels += differences.Average();
            worstMean = Math.Max(worstMean, differences.Average());
            worst = Math.Max(worst, differences.Max());
            EmbeddingMatrix vectors = model.EncodeImage((byte[])[.. exact, .. fast], 2);
            double cosine = TensorPrimitives.CosineSimilarity(vectors[0], vectors[1]);
            cosines += cosine;
            if (cosine < least)
            {
                (least, leastPicture) = (cosine, description);
            }

            if (labels is not null)
            {
                LogitMatrix logits = model.Score(vectors, labels).LogitsPerImage;
                same += TensorPrimitives.IndexOfMax(logits[0]) == TensorPrimitives.IndexOfMax(logits[1]) ? 1 : 0;
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Count} | {cosines / Count:F5} / {least:F5} | {(labels is null ? "" : $"{100.0 * same / Count:F1} %")} | {levels / Count:F2} / {worstMean:F2} / {worst} | {(double)exactTicks / fastTicks:F1} | {leastPicture} |"));
    }

    private static (byte[] File, string Description) Picture(int index)
    {
        Random random = new(index);
        int kind = index % Kinds.Length;
        int longer = random.Next(1000, 4001);
        int shorter = (int)(longer / (new[] { 1, 4 / 3.0, 1.5, 16 / 9.0 })[random.Next(4)]);
        (int width, int height) = random.Next(3) == 0 ? (shorter, longer) : (longer, shorter);
        int quality = random.Next(75, 96);
        SKJpegEncoderDownsample downsample = random.Next(2) == 0 ? SKJpegEncoderDownsample.Downsample420 : SKJpegEncoderDownsample.Downsample444;
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (SKCanvas canvas = new(bitmap))
        using (SKPaint paint = new())
        {
            if (kind < 2)
            {
                using SKBitmap sample = SKBitmap.Decode(SamplePictures.Varied(index));
                using SKImage image = SKImage.FromBitmap(sample);
                canvas.DrawImage(image, new SKRect(0, 0, width, height), new SKSamplingOptions(SKCubicResampler.CatmullRom), paint);
            }
            else if (kind == 2)
            {
                using SKShader noise = SKShader.CreatePerlinNoiseFractalNoise(0.002f + (0.02f * random.NextSingle()), 0.002f + (0.02f * random.NextSingle()), 8, index);
                paint.Shader = noise;
                canvas.Clear(SKColor.FromHsv(random.Next(360), 60, 70));
                canvas.DrawRect(0, 0, width, height, paint);
            }
            else
            {
                using SKShader gradient = SKShader.CreateLinearGradient(
                    new SKPoint(0, 0),
                    new SKPoint(width, height * random.NextSingle()),
                    [SKColor.FromHsv(random.Next(360), 80, 90), SKColor.FromHsv(random.Next(360), 50, 30), SKColor.FromHsv(random.Next(360), 90, 60)],
                    SKShaderTileMode.Mirror);
                paint.Shader = gradient;
                canvas.DrawRect(0, 0, width, height, paint);
            }
        }

        if (kind is 1 or 3)
        {
            int amplitude = random.Next(4, 40);
            Span<byte> pixels = bitmap.GetPixelSpan();
            for (int i = 0; i < pixels.Length; i++)
            {
                pixels[i] = i % 4 == 3 ? (byte)255 : (byte)Math.Clamp(pixels[i] + random.Next(-amplitude, amplitude + 1), 0, 255);
            }
        }

        using SKPixmap pixmap = bitmap.PeekPixels() ?? throw new InvalidOperationException("No pixels.");
        using SKData data = pixmap.Encode(new SKJpegEncoderOptions(quality, downsample, SKJpegEncoderAlphaOption.Ignore)) ?? throw new InvalidOperationException("Not encoded.");
        return (data.ToArray(), $"{Kinds[kind]}, {width} × {height}, quality {quality}, {(downsample == SKJpegEncoderDownsample.Downsample420 ? "4:2:0" : "4:4:4")}");
    }
}
