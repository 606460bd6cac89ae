using ClipFunctions.Clip.Imaging;
using ClipFunctions.Testing;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed class FastModeTests
{
    private static readonly ImageDecoder Decoder = new();

    [Theory]
    [InlineData(640, 480, 64, 75, SKJpegEncoderDownsample.Downsample420)]
    [InlineData(1601, 1203, 224, 95, SKJpegEncoderDownsample.Downsample420)]
    [InlineData(1203, 1601, 224, 90, SKJpegEncoderDownsample.Downsample422)]
    [InlineData(997, 1499, 112, 80, SKJpegEncoderDownsample.Downsample444)]
    [InlineData(3000, 700, 150, 88, SKJpegEncoderDownsample.Downsample420)]
    public void PixelsDifferByAFewLevels(int width, int height, int size, int quality, SKJpegEncoderDownsample downsample)
    {
        using SKBitmap bitmap = TestPictures.Draw(width, height, 5);
        byte[] file = Encode(bitmap, quality, downsample);
        Assert.True(Shrinks(file, size));
        AssertClose(file, ImagePreprocessing.OpenAi(size), 2, 16);
    }

    [Fact]
    public void NothingShiftsWhateverTheSize()
    {
        // On these waves, a shift by a tenth of a pixel changes values by two levels on average.
        Random random = new(20261125);
        for (int i = 0; i < 60; i++)
        {
            int size = random.Next(20, 80);
            int width = random.Next(4 * size, 13 * size), height = random.Next(4 * size, 13 * size);
            ResizeMode mode = (ResizeMode)(i % 3);
            double period = 16.0 * Math.Min(width, height) / size;
            byte[] file = Encode(Waves(width, height, period), 97, SKJpegEncoderDownsample.Downsample444);
            Assert.True(Shrinks(file, size, mode), $"{width} × {height} to {size}");
            AssertClose(file, ImagePreprocessing.OpenAi(size) with { ResizeMode = mode, Interpolation = i % 2 == 0 ? Interpolation.Bicubic : Interpolation.Bilinear }, 0.6, 6);
        }
    }

    [Theory]
    [InlineData(15, 4000, 3)]
    [InlineData(4000, 15, 3)]
    [InlineData(2999, 7, 1)]
    [InlineData(9, 9, 1)]
    [InlineData(41, 43, 5)]
    public void LongAndTinyPicturesAreCloseToo(int width, int height, int size)
    {
        using SKBitmap bitmap = TestPictures.Draw(width, height, 6);
        byte[] file = Encode(bitmap, 95, SKJpegEncoderDownsample.Downsample444);
        Assert.True(Shrinks(file, size));
        AssertClose(file, ImagePreprocessing.OpenAi(size), 3, 16);
    }

    [Theory]
    [InlineData(1, 1, 224)]
    [InlineData(1, 9, 1)]
    [InlineData(15, 4000, 224)]
    [InlineData(224, 224, 224)]
    [InlineData(500, 590, 224)]
    [InlineData(8, 8, 4)]
    public void PicturesThatAreNotMuchLargerThanNeededAreExact(int width, int height, int size)
    {
        byte[] file = TestPictures.Encode(SKEncodedImageFormat.Jpeg, width, height);
        Assert.False(Shrinks(file, size));
        AssertEqual(file, size);
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void OtherFormatsAreExact(SKEncodedImageFormat format) => AssertEqual(TestPictures.Encode(format, 400, 300), 16);

    [Fact]
    public void FourComponentJpegsAreExact() => AssertEqual(TestPictures.FourComponentJpeg(2), 1);

    [Fact]
    public void GrayJpegsStayGray()
    {
        using SKBitmap gray = new(new SKImageInfo(900, 701, SKColorType.Gray8, SKAlphaType.Opaque));
        using SKBitmap drawn = Waves(900, 701, 90);
        for (int i = 0; i < gray.GetPixelSpan().Length; i++)
        {
            gray.GetPixelSpan()[i] = drawn.GetPixelSpan()[4 * i];
        }

        byte[] file = Encode(gray, 92, SKJpegEncoderDownsample.Downsample420);
        Assert.Equal(PixelMode.Gray, Decoder.ReadHeader(file).Mode);
        Assert.True(Shrinks(file, 64));
        byte[] pixels = AssertClose(file, ImagePreprocessing.OpenAi(64), 0.6, 6);
        Assert.All(pixels.Chunk(3), pixel => Assert.True(pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void PicturesAreTurnedUprightWhereThatIsAskedFor(byte orientation)
    {
        byte[] file = TestPictures.WithOrientation(Encode(Waves(613, 451, 150), 97, SKJpegEncoderDownsample.Downsample444), orientation);
        foreach (ResizeMode mode in Enum.GetValues<ResizeMode>())
        {
            AssertClose(file, ImagePreprocessing.OpenAi(40) with { AutoOrient = true, ResizeMode = mode }, 0.6, 6);
        }
    }

    [Fact]
    public void AFileThatEndsTooEarlyIsAnErrorWhereverItEnds()
    {
        byte[] file = TestPictures.Encode(SKEncodedImageFormat.Jpeg, 300, 200);
        ClipPreprocessor fast = new(ImagePreprocessing.OpenAi(8) with { Mode = PreprocessingMode.Fast });
        byte[] pixels = new byte[fast.PixelCount];
        for (int length = 1; length < file.Length - 16; length += 1 + file.Length / 300)
        {
            Assert.ThrowsAny<ImageException>(() => fast.Preprocess(file.AsMemory(0, length), pixels, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public void TheLimitsAreThoseOfTheWholePicture()
    {
        ClipPreprocessor fast = new(ImagePreprocessing.OpenAi(8) with { Mode = PreprocessingMode.Fast }, new ImageDecoder(new ImageLimits { MaxPixels = 59_999 }));
        byte[] file = TestPictures.Encode(SKEncodedImageFormat.Jpeg, 300, 200);
        Assert.Equal(60_000, Assert.Throws<TooManyPixelsException>(() => fast.Preprocess(file, TestContext.Current.CancellationToken)).Actual);
    }

    [Fact]
    [Trait("Category", GoldenData.Category)]
    public void GoldenJpegsOfAllKindsAreClose()
    {
        int shrunk = 0;
        foreach (string path in Directory.EnumerateFiles(GoldenData.Require("preprocess/images"), "*.jp*g"))
        {
            byte[] file = File.ReadAllBytes(path);
            ImageHeader header = Decoder.ReadHeader(file);
            int size = Math.Min(header.Width, header.Height) / 5;
            if (size < 1 || header.Mode == PixelMode.Cmyk)
            {
                continue;
            }

            Assert.True(Shrinks(file, size), path);
            AssertClose(file, ImagePreprocessing.OpenAi(size), 4, 64);
            shrunk++;
        }

        Assert.SkipWhen(shrunk == 0, "No golden JPEGs.");
    }

    private static SKBitmap Waves(int width, int height, double period)
    {
        SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int y = 0, i = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, i += 4)
            {
                byte value = (byte)(128 + (50 * Math.Sin(2 * Math.PI * x / period)) + (50 * Math.Sin(2 * Math.PI * y / period)));
                pixels.Slice(i, 3).Fill(value);
                pixels[i + 3] = 255;
            }
        }

        return bitmap;
    }

    private static byte[] Encode(SKBitmap bitmap, int quality, SKJpegEncoderDownsample downsample)
    {
        using SKPixmap pixmap = bitmap.PeekPixels() ?? throw new InvalidOperationException("No pixels.");
        using SKData data = pixmap.Encode(new SKJpegEncoderOptions(quality, downsample, SKJpegEncoderAlphaOption.Ignore)) ?? throw new InvalidOperationException("Not encoded.");
        return data.ToArray();
    }

    private static bool Shrinks(byte[] file, int size, ResizeMode mode = ResizeMode.ShortestSide)
    {
        using PixelReader reader = Decoder.Open(file);
        ClipPreprocessor.Placement placement = ClipPreprocessor.Geometry(reader.Header.Width, reader.Header.Height, mode, size);
        reader.Shrink(2 * placement.Width, 2 * placement.Height);
        Assert.True(reader.Width == reader.Header.Width || (reader.Width >= 2 * placement.Width && reader.Height >= 2 * placement.Height));
        return reader.Width < reader.Header.Width || reader.Height < reader.Header.Height;
    }

    private static byte[] Run(byte[] file, ImagePreprocessing settings, PreprocessingMode mode) =>
        new ClipPreprocessor(settings with { Mode = mode }, Decoder).Preprocess(file, TestContext.Current.CancellationToken);

    private static void AssertEqual(byte[] file, int size) =>
        Assert.Equal(Run(file, ImagePreprocessing.OpenAi(size), PreprocessingMode.Exact), Run(file, ImagePreprocessing.OpenAi(size), PreprocessingMode.Fast));

    private static byte[] AssertClose(byte[] file, ImagePreprocessing settings, double mean, int worst)
    {
        byte[] exact = Run(file, settings, PreprocessingMode.Exact);
        byte[] fast = Run(file, settings, PreprocessingMode.Fast);
        int[] differences = [.. exact.Zip(fast, (a, b) => Math.Abs(a - b))];
        ImageHeader header = Decoder.ReadHeader(file);
        Assert.True(
            differences.Average() <= mean && differences.Max() <= worst,
            $"{header.Width} × {header.Height} to {settings.Size}, {settings.ResizeMode}: {differences.Average():F3} levels on average, {differences.Max()} at most.");
        return fast;
    }
}
