using ClipFunctions.Clip.Imaging;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed class ThumbnailTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg, 300, 200, 64)]
    [InlineData(SKEncodedImageFormat.Png, 200, 300, 16)]
    [InlineData(SKEncodedImageFormat.Webp, 40, 40, 512)]
    [InlineData(SKEncodedImageFormat.Png, 1, 1, 16)]
    public void IsASquareJpegOfTheSizeAskedFor(SKEncodedImageFormat format, int width, int height, int size)
    {
        byte[] thumbnail = Thumbnail.Create(TestPictures.Encode(format, width, height), size, cancellationToken: Token);

        ImageHeader header = new ImageDecoder().ReadHeader(thumbnail);
        Assert.Equal((ImageFormat.Jpeg, size, size, 1), (header.Format, header.Width, header.Height, header.Orientation));
    }

    [Fact]
    public void ShowsTheMiddleOfThePicture()
    {
        using SKBitmap bitmap = new(new SKImageInfo(300, 100, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(SKColors.Red);
        using (SKCanvas canvas = new(bitmap))
        using (SKPaint blue = new() { Color = SKColors.Blue })
        {
            canvas.DrawRect(90, 0, 120, 100, blue);
        }

        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        using DecodedImage thumbnail = Decode(Thumbnail.Create(png.ToArray(), 32, cancellationToken: Token));

        for (int y = 0; y < 32; y++)
        {
            for (int x = 0; x < 32; x++)
            {
                ReadOnlySpan<byte> pixel = thumbnail.GetRow(y).Slice(4 * x, 3);
                Assert.True(pixel is [< 12, < 12, > 243], $"({x}, {y}) is {pixel[0]}, {pixel[1]}, {pixel[2]}.");
            }
        }
    }

    [Theory]
    [InlineData(60, 40)]
    [InlineData(40, 61)]
    public void StandsUprightWhateverTheOrientation(int width, int height)
    {
        byte[] plain = TestPictures.Encode(SKEncodedImageFormat.Jpeg, width, height);
        for (byte orientation = 1; orientation <= 8; orientation++)
        {
            byte[] turned = TestPictures.WithOrientation(plain, orientation);
            byte[] expected = new byte[3 * 32 * 32];
            new ClipPreprocessor(new ImagePreprocessing { Size = 32, AutoOrient = true }).Preprocess(turned, expected, Token);

            using DecodedImage thumbnail = Decode(Thumbnail.Create(turned, 32, cancellationToken: Token));

            double difference = 0;
            for (int i = 0; i < 32 * 32; i++)
            {
                for (int c = 0; c < 3; c++)
                {
                    difference += Math.Abs(thumbnail.Pixels[4 * i + c] - expected[3 * i + c]);
                }
            }

            // JPEG's loss and half a pixel; a wrong turn is off by more than 60.
            Assert.InRange(difference / expected.Length, 0, 12);
        }
    }

    [Fact]
    public void RefusesWhatThePreprocessorRefuses()
    {
        byte[] jpeg = TestPictures.Encode(SKEncodedImageFormat.Jpeg, 100, 80);
        ImageDecoder small = new(new ImageLimits { MaxPixels = 100 });

        Assert.Throws<EmptyImageException>(() => Thumbnail.Create(ReadOnlyMemory<byte>.Empty, 64, cancellationToken: Token));
        Assert.Throws<UnsupportedImageFormatException>(() => Thumbnail.Create("no picture"u8.ToArray(), 64, cancellationToken: Token));
        Assert.Throws<TruncatedImageException>(() => Thumbnail.Create(jpeg.AsMemory(0, jpeg.Length - 500), 64, cancellationToken: Token));
        Assert.Throws<TooManyPixelsException>(() => Thumbnail.Create(jpeg, 64, small, Token));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(513)]
    [InlineData(-1)]
    public void RefusesOtherSizes(int size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Thumbnail.Create(TestPictures.Encode(SKEncodedImageFormat.Png, 20, 20), size, cancellationToken: Token));

    [Fact]
    public void StopsWhenCancelled() =>
        Assert.Throws<OperationCanceledException>(() => Thumbnail.Create(TestPictures.Encode(SKEncodedImageFormat.Png, 20, 20), 64, null, new CancellationToken(true)));

    private static DecodedImage Decode(byte[] file) => new ImageDecoder().Decode(file, Token);
}
