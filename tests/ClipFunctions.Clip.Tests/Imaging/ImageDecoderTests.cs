using ClipFunctions.Clip.Imaging;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed class ImageDecoderTests
{
    private static readonly ImageDecoder Decoder = new();

    private static DecodedImage Decode(ReadOnlyMemory<byte> file) => Decoder.Decode(file, TestContext.Current.CancellationToken);

    [Fact]
    public void NoBytesAreRefusedAsEmpty() =>
        Assert.Equal("Empty", Assert.Throws<EmptyImageException>(() => Decode(default)).Reason);

    [Fact]
    public void TextIsRefusedAsNoPicture()
    {
        UnsupportedImageFormatException e = Assert.Throws<UnsupportedImageFormatException>(() => Decode("no picture at all"u8.ToArray()));
        Assert.Equal("UnsupportedFormat", e.Reason);
        Assert.Null(e.Detected);
    }

    [Fact]
    public void TiffIsRefusedByName() =>
        Assert.Equal("TIFF", Assert.Throws<UnsupportedImageFormatException>(() => Decode("II*\0\u0008\0\0\0"u8.ToArray())).Detected);

    [Fact]
    public void AFileOverTheLimitIsRefusedBeforeAnythingIsRead()
    {
        TooManyBytesException e = Assert.Throws<TooManyBytesException>(() => Decode(new byte[40_000_000]));
        Assert.Equal((33_554_432, 40_000_000, "TooManyBytes"), (e.Limit, e.Actual, e.Reason));
    }

    [Fact]
    public void AHeaderOf1By500MillionIsRefusedWithoutAllocating()
    {
        byte[] file = TestPictures.Png(1, 500_000_000, 8, 2, []);
        Decoder_refuses_once(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        TooManyPixelsException e = Decoder_refuses_once(file);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((178_956_970, 500_000_000, "TooManyPixels"), (e.Limit, e.Actual, e.Reason));
        Assert.Contains("500,000,000", e.Message, StringComparison.Ordinal);
        Assert.True(allocated < 20_000, $"{allocated} bytes were allocated.");

        static TooManyPixelsException Decoder_refuses_once(byte[] file) => Assert.Throws<TooManyPixelsException>(() => Decode(file));
    }

    [Theory]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData(30_000, 30_000)]
    public void SizesBeyondAllBoundsAreRefused(uint width, uint height) =>
        Assert.Throws<TooManyPixelsException>(() => Decoder.ReadHeader(TestPictures.Png(width, height, 16, 6, [])));

    [Fact]
    public void PicturesTooLongForTheirWidthAreRefused()
    {
        SideRatioException e = Assert.Throws<SideRatioException>(() => Decode(TestPictures.Png(2, 30_000, 8, 0, [])));
        Assert.Equal((10_000, 15_000.0, "SideRatio"), (e.Limit, e.Actual, e.Reason));
    }

    [Fact]
    public void AnimationsOverTheLimitAreRefused()
    {
        TooManyFramesException e = Assert.Throws<TooManyFramesException>(
            () => new ImageDecoder(new ImageLimits { MaxFrames = 2 }).ReadHeader(TestPictures.Gif(3)));
        Assert.Equal((2, 3, "TooManyFrames"), (e.Limit, e.Actual, e.Reason));
    }

    [Fact]
    public void AHeaderIsReadWithoutPixels() =>
        Assert.Equal(new ImageHeader(ImageFormat.Gif, 2, 2, PixelMode.Palette, 3, 1), Decoder.ReadHeader(TestPictures.Gif(3)));

    [Fact]
    public void AGifGivesItsPaletteIndices()
    {
        using DecodedImage image = Decode(TestPictures.Gif());
        Assert.Equal([0, 1, 2, 3], image.Pixels.ToArray());
        Assert.Equal([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 4, 4, 4], image.Palette[..15].ToArray());
    }

    [Theory]
    [InlineData(1, 0, new byte[] { 0, 0b1010_0000 }, PixelMode.Bilevel, new byte[] { 255, 0, 255 })]
    [InlineData(2, 0, new byte[] { 0, 0b0001_1000 }, PixelMode.Gray, new byte[] { 0, 85, 170 })]
    [InlineData(4, 3, new byte[] { 0, 0x12, 0xF0 }, PixelMode.Palette, new byte[] { 1, 2, 15 })]
    [InlineData(16, 0, new byte[] { 0, 1, 2, 3, 4, 5, 6 }, PixelMode.Gray16, new byte[] { 2, 1, 4, 3, 6, 5 })]
    [InlineData(16, 4, new byte[] { 1, 9, 0, 200, 0, 1, 0, 1, 0, 1, 0, 1, 0 }, PixelMode.Rgba, new byte[] { 9, 9, 9, 200, 10, 10, 10, 201, 11, 11, 11, 202 })]
    public void APngGivesTheSamplesOfItsOwnMode(byte depth, byte colorType, byte[] row, PixelMode mode, byte[] pixels)
    {
        using DecodedImage image = Decode(TestPictures.Png(3, 1, depth, colorType, row));
        Assert.Equal((mode, 3, 1), (image.Mode, image.Width, image.Height));
        Assert.Equal(pixels, image.Pixels.ToArray());
    }

    [Fact]
    public void GammaAndTransparencyOfAPngAreNotApplied()
    {
        byte[] plain = TestPictures.Png(1, 1, 8, 2, [0, 7, 8, 9]);
        byte[] marked = TestPictures.Png(1, 1, 8, 2, [0, 7, 8, 9], ("gAMA", [0, 0, 0xB1, 0x8F]), ("tRNS", [0, 7, 0, 8, 0, 9]));
        using DecodedImage a = Decode(plain);
        using DecodedImage b = Decode(marked);
        Assert.Equal(a.Pixels.ToArray(), b.Pixels.ToArray());
    }

    [Theory]
    [InlineData(0, 27, 227, 127, 63)]
    [InlineData(2, 228, 255, 51, 63)]
    public void AJpegOfFourComponentsGivesItsInksInverted(byte adobeTransform, byte cyan, byte magenta, byte yellow, byte black)
    {
        using DecodedImage image = Decode(TestPictures.FourComponentJpeg(adobeTransform));
        Assert.Equal(PixelMode.Cmyk, image.Mode);
        Assert.Equal(Enumerable.Repeat<byte[]>([cyan, magenta, yellow, black], 64).SelectMany(p => p), image.Pixels.ToArray());
    }

    [Fact]
    public void APngThatInflatesBeyondItsSizeCostsNoMoreThanItsSize()
    {
        byte[] bomb = TestPictures.Png(4, 4, 8, 0, new byte[30_000_000]);
        using DecodedImage image = Decode(bomb);
        Assert.All(image.Pixels.ToArray(), p => Assert.Equal(0, p));
    }

    [Fact]
    public void LosslessFormatsGiveBackWhatWasDrawn()
    {
        using SKBitmap drawn = TestPictures.Draw(61, 47, 3);
        byte[] expected = drawn.GetPixelSpan().ToArray();
        using SKPixmap pixmap = drawn.PeekPixels() ?? throw new InvalidOperationException("No pixels.");
        using SKData webp = pixmap.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 100))
            ?? throw new InvalidOperationException("Not encoded.");
        foreach (byte[] file in new[] { TestPictures.Encode(SKEncodedImageFormat.Png, 61, 47, 3), webp.ToArray() })
        {
            using DecodedImage image = Decode(file);
            Assert.Equal(expected, image.Pixels.ToArray());
        }
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void ATruncatedFileIsAnErrorWhereverItEnds(SKEncodedImageFormat format)
    {
        byte[] file = TestPictures.Encode(format, 90, 70);
        for (int length = 1; length < file.Length - 16; length += 1 + file.Length / 200)
        {
            Assert.ThrowsAny<ImageException>(() => Decode(file.AsMemory(0, length)).Dispose());
        }
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void GarbageBehindAPictureDoesNotMatter(SKEncodedImageFormat format)
    {
        byte[] file = TestPictures.Encode(format, 40, 30);
        using DecodedImage clean = Decode(file);
        using DecodedImage dirty = Decode(file.Concat("garbage"u8.ToArray()).ToArray());
        Assert.Equal(clean.Pixels.ToArray(), dirty.Pixels.ToArray());
    }

    [Fact]
    public void CancellingStopsTheWork()
    {
        byte[] file = TestPictures.Encode(SKEncodedImageFormat.Jpeg, 40, 30);
        Assert.Throws<OperationCanceledException>(() => Decoder.Decode(file, new CancellationToken(true)));
    }

    [Fact]
    public void LimitsOutOfRangeAreRefusedWhereTheyAreSet()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxPixels = 1L << 32 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxSideRatio = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxFrames = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxScans = 1001 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxDecodeTime = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxDecodeTime = TimeSpan.FromHours(2) });
    }
}
