using BenchmarkDotNet.Attributes;
using ClipFunctions.Clip.Imaging;
using SkiaSharp;

namespace ClipFunctions.Benchmarks;

/// <summary>From a JPEG file in memory to 224 × 224 pixels, one thread.</summary>
[MemoryDiagnoser]
public class PreprocessBenchmarks
{
    private ClipPreprocessor _preprocessor = new(ImagePreprocessing.OpenAi(224));
    private readonly byte[] _pixels = new byte[224 * 224 * 3];
    private byte[] _jpeg = [];

    /// <summary>The picture's size.</summary>
    [Params("640x480", "4000x3000")]
    public string Size { get; set; } = "";

    /// <summary>Exact or fast.</summary>
    [Params(PreprocessingMode.Exact, PreprocessingMode.Fast)]
    public PreprocessingMode Mode { get; set; }

    /// <summary>Draws the picture.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _preprocessor = new ClipPreprocessor(ImagePreprocessing.OpenAi(224) with { Mode = Mode });
        string[] sides = Size.Split('x');
        _jpeg = PhotoLike(
            int.Parse(sides[0], System.Globalization.CultureInfo.InvariantCulture),
            int.Parse(sides[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Decode, resize, crop.</summary>
    [Benchmark]
    public void DecodeAndPreprocess() => _preprocessor.Preprocess(_jpeg, _pixels);

    /// <summary>A 4:2:0 JPEG with detail at every scale, about as large as a camera's.</summary>
    internal static byte[] PhotoLike(int width, int height, int seed = 7)
    {
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (SKCanvas canvas = new(bitmap))
        using (SKShader noise = SKShader.CreatePerlinNoiseFractalNoise(0.01f, 0.013f, 6, seed))
        using (SKPaint paint = new() { Shader = noise })
        {
            canvas.Clear(SKColors.SteelBlue);
            canvas.DrawRect(0, 0, width, height, paint);
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 88);
        return data.ToArray();
    }
}
