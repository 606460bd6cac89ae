using ClipFunctions.Clip.Imaging;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed class ClipPreprocessorTests
{
    [Theory]
    [InlineData(640, 480, 224, 298, 224, 37, 0)]
    [InlineData(480, 640, 224, 224, 298, 0, 37)]
    [InlineData(225, 224, 224, 225, 224, 0, 0)]
    [InlineData(227, 224, 224, 227, 224, 2, 0)]
    [InlineData(3, 500, 224, 224, 37333, 0, 18554)]
    [InlineData(1, 1, 7, 7, 7, 0, 0)]
    public void SizeAndCropFollowTorchvision(int width, int height, int size, int newWidth, int newHeight, int left, int top) =>
        Assert.Equal(new ClipPreprocessor.Placement(newWidth, newHeight, left, top), ClipPreprocessor.Geometry(width, height, ResizeMode.ShortestSide, size));

    [Fact]
    public void SquashingGivesTheWholePicture()
    {
        using DecodedImage image = PillowResizerTests.Draw(PixelMode.Rgb, 50, 20, 4);
        ClipPreprocessor preprocessor = new(new ImagePreprocessing { Size = 16, ResizeMode = ResizeMode.Squash });
        byte[] pixels = new byte[preprocessor.PixelCount];
        preprocessor.Preprocess(image, pixels);
        byte[] slow = SlowResize.Resize(image.Pixels.ToArray(), PixelMode.Rgb, 50, 20, 16, 16, Interpolation.Bicubic);
        Assert.Equal(slow.Where((_, i) => i % 4 != 3), pixels);
    }

    [Theory]
    [InlineData(640, 480, 224, 224, 168, 0, -28)]
    [InlineData(480, 641, 224, 168, 224, -28, 0)]
    [InlineData(10, 4, 5, 5, 2, 0, -1)]
    [InlineData(100, 35, 10, 10, 4, 0, -3)]
    [InlineData(100, 25, 10, 10, 2, 0, -4)]
    [InlineData(7, 7, 7, 7, 7, 0, 0)]
    [InlineData(5000, 1, 8, 8, 1, 0, -3)]
    public void TheLongestSideMayDecideAsInOpenClip(int width, int height, int size, int newWidth, int newHeight, int left, int top) =>
        Assert.Equal(new ClipPreprocessor.Placement(newWidth, newHeight, left, top), ClipPreprocessor.Geometry(width, height, ResizeMode.LongestSide, size));

    [Theory]
    [InlineData(PixelMode.Rgb, 0, 0)]
    [InlineData(PixelMode.Rgb, 77, 77)]
    [InlineData(PixelMode.Rgba, 9, 9)]
    [InlineData(PixelMode.Gray, 200, 200)]
    [InlineData(PixelMode.GrayAlpha, 3, 3)]
    [InlineData(PixelMode.Bilevel, 0, 0)]
    [InlineData(PixelMode.Bilevel, 1, 255)]
    [InlineData(PixelMode.Cmyk, 0, 255)]
    [InlineData(PixelMode.Cmyk, 255, 0)]
    public void WhatIsMissingOfTheSquareIsFilledInTheFilesOwnMode(PixelMode mode, int fill, byte seen)
    {
        const int Size = 16;
        foreach ((int width, int height) in new[] { (50, 21), (21, 50), (40, 1), (9, 16), (16, 16), (5, 3) })
        {
            using DecodedImage image = PillowResizerTests.Draw(mode, width, height, 4);
            ClipPreprocessor preprocessor = new(new ImagePreprocessing { Size = Size, ResizeMode = ResizeMode.LongestSide, Fill = fill });
            byte[] pixels = [.. Enumerable.Repeat((byte)123, preprocessor.PixelCount)];
            preprocessor.Preprocess(image, pixels);

            // One pixel after the other: resized whole, then each place of the square looked up.
            double ratio = Math.Max(width / (double)Size, height / (double)Size);
            int newWidth = Math.Max((int)Math.Round(width / ratio), 1), newHeight = Math.Max((int)Math.Round(height / ratio), 1);
            byte[] resized = SlowResize.Resize(image.Pixels.ToArray(), mode, width, height, newWidth, newHeight, Interpolation.Bicubic);
            byte[] rgb = new byte[3 * newWidth * newHeight];
            PixelArithmetic.ToRgb(mode, image.Palette, resized, rgb);
            byte[] expected = [.. Enumerable.Repeat(seen, pixels.Length)];
            for (int y = 0; y < newHeight; y++)
            {
                for (int x = 0; x < newWidth; x++)
                {
                    int to = 3 * (((y + ((Size - newHeight) / 2)) * Size) + x + ((Size - newWidth) / 2));
                    rgb.AsSpan(3 * ((y * newWidth) + x), 3).CopyTo(expected.AsSpan(to));
                }
            }

            Assert.Equal(expected, pixels);
        }
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
    public void OrientationIsIgnoredUnlessAskedFor(byte orientation)
    {
        byte[] plain = TestPictures.Encode(SKEncodedImageFormat.Jpeg, 40, 24);
        byte[] turned = TestPictures.WithOrientation(plain, orientation);
        ImageDecoder decoder = new();
        Assert.Equal(orientation, decoder.ReadHeader(turned).Orientation);
        byte[] expected = Run(plain, false);
        Assert.Equal(expected, Run(turned, false));

        // Upright by hand: where each corner of the stored picture belongs.
        using DecodedImage stored = decoder.Decode(turned, TestContext.Current.CancellationToken);
        using DecodedImage upright = ImageOrientation.Apply(stored);
        (int w, int h) = orientation >= 5 ? (24, 40) : (40, 24);
        Assert.Equal((w, h), (upright.Width, upright.Height));
        (int x, int y) = orientation switch
        {
            1 or 5 => (0, 0),
            2 or 6 => (w - 1, 0),
            3 or 7 => (w - 1, h - 1),
            _ => (0, h - 1),
        };
        Assert.Equal(stored.GetRow(0)[..4].ToArray(), upright.GetRow(y).Slice(4 * x, 4).ToArray());
        byte[] direct = new byte[3 * 16 * 16];
        new ClipPreprocessor(ImagePreprocessing.OpenAi(16)).Preprocess(upright, direct);
        Assert.Equal(direct, Run(turned, true));

        static byte[] Run(byte[] file, bool orient)
        {
            ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(16) with { AutoOrient = orient });
            byte[] pixels = new byte[preprocessor.PixelCount];
            preprocessor.Preprocess(file, pixels, TestContext.Current.CancellationToken);
            return pixels;
        }
    }

    [Fact]
    public void WrongBuffersAreRefusedByTheirSize()
    {
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(16));
        byte[] file = TestPictures.Encode(SKEncodedImageFormat.Png, 20, 20);
        Assert.Contains("768", Assert.Throws<ArgumentException>(() => preprocessor.Preprocess(file, new byte[767], TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => preprocessor.Normalize(new byte[768], new float[767]));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg, 640, 480, PreprocessingMode.Exact)]
    [InlineData(SKEncodedImageFormat.Jpeg, 2000, 1500, PreprocessingMode.Exact)]
    [InlineData(SKEncodedImageFormat.Jpeg, 2000, 1500, PreprocessingMode.Fast)]
    [InlineData(SKEncodedImageFormat.Png, 900, 700, PreprocessingMode.Exact)]
    [InlineData(SKEncodedImageFormat.Webp, 900, 700, PreprocessingMode.Exact)]
    public void APictureLeavesNoGarbageButSmallObjects(SKEncodedImageFormat format, int width, int height, PreprocessingMode mode)
    {
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(224) with { Mode = mode });
        byte[] file = TestPictures.Encode(format, width, height);
        byte[] pixels = new byte[preprocessor.PixelCount];
        for (int i = 0; i < 3; i++)
        {
            preprocessor.Preprocess(file, pixels, TestContext.Current.CancellationToken);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        preprocessor.Preprocess(file, pixels, TestContext.Current.CancellationToken);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 5_000, $"{allocated} bytes were allocated.");
    }

    [Fact]
    public void TurningAPictureUprightLeavesNoGarbageEither()
    {
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(224) with { AutoOrient = true });
        byte[] file = TestPictures.WithOrientation(TestPictures.Encode(SKEncodedImageFormat.Jpeg, 900, 700), 6);
        byte[] pixels = new byte[preprocessor.PixelCount];
        for (int i = 0; i < 3; i++)
        {
            preprocessor.Preprocess(file, pixels, TestContext.Current.CancellationToken);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        preprocessor.Preprocess(file, pixels, TestContext.Current.CancellationToken);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 5_000, $"{allocated} bytes were allocated.");
    }

    [Fact]
    public void ManyThreadsMayShareAPreprocessor()
    {
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(32));
        byte[][] files = [.. Enumerable.Range(0, 8).Select(i => TestPictures.Encode(SKEncodedImageFormat.Jpeg, 100 + i, 80 + 3 * i, i))];
        byte[][] expected = [.. files.Select(Run)];
        Parallel.For(0, 200, i => Assert.Equal(expected[i % 8], Run(files[i % 8])));

        byte[] Run(byte[] file)
        {
            byte[] pixels = new byte[preprocessor.PixelCount];
            preprocessor.Preprocess(file, pixels, TestContext.Current.CancellationToken);
            return pixels;
        }
    }

    [Fact]
    public void SettingsAreCheckedAndComparedByValue()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ImagePreprocessing.OpenAi(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImagePreprocessing { Fill = 256 });
        Assert.Throws<ArgumentException>(() => new ImagePreprocessing { Std = [1, 0, 1] });
        Assert.Throws<ArgumentException>(() => new ImagePreprocessing { Mean = [1, 0] });
        Assert.Equal(new ImagePreprocessing { Mean = [0.5f, 0.5f, 0.5f] }, new ImagePreprocessing { Mean = new List<float> { 0.5f, 0.5f, 0.5f } });
        Assert.NotEqual(ImagePreprocessing.OpenAi(224), ImagePreprocessing.OpenAi(336));
    }
}
