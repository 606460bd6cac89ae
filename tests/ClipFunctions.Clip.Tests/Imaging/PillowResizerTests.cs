using ClipFunctions.Clip.Imaging;
using CsCheck;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed class PillowResizerTests
{
    private static readonly PixelMode[] Modes =
        [PixelMode.Gray, PixelMode.Rgb, PixelMode.Rgba, PixelMode.GrayAlpha, PixelMode.Cmyk, PixelMode.Palette, PixelMode.Bilevel];

    [Fact]
    public void AResizeEqualsTheSlowOneForAnyModeSizeAndFilter() =>
        Gen.Select(Gen.Int[0, Modes.Length - 1].Select(i => Modes[i]), Gen.Int[1, 90], Gen.Int[1, 90], Gen.Int[1, 90], Gen.Int[1, 90], Gen.Bool.Select(b => b ? Interpolation.Bicubic : Interpolation.Bilinear), Gen.Int)
            .Sample(
                (mode, width, height, newWidth, newHeight, interpolation, seed) =>
                {
                    using DecodedImage image = Draw(mode, width, height, seed);
                    using DecodedImage fast = PillowResizer.Resize(image, newWidth, newHeight, interpolation);
                    byte[] slow = SlowResize.Resize(image.Pixels.ToArray(), mode, width, height, newWidth, newHeight, interpolation);
                    return fast.Pixels.SequenceEqual(slow);
                },
                iter: 1500);

    [Fact]
    public void AWindowEqualsThatPartOfTheWhole() =>
        Gen.Select(Gen.Int[0, Modes.Length - 1].Select(i => Modes[i]), Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int)
            .Sample(
                (mode, width, height, newWidth, newHeight, seed) =>
                {
                    Random random = new(seed);
                    int left = random.Next(newWidth), top = random.Next(newHeight);
                    int windowWidth = random.Next(1, newWidth - left + 1), windowHeight = random.Next(1, newHeight - top + 1);
                    using DecodedImage image = Draw(mode, width, height, seed);
                    using DecodedImage whole = PillowResizer.Resize(image, newWidth, newHeight);
                    using DecodedImage window = PillowResizer.Resize(image, newWidth, newHeight, left, top, windowWidth, windowHeight);
                    for (int y = 0; y < windowHeight; y++)
                    {
                        if (!window.GetRow(y).SequenceEqual(whole.GetRow(top + y).Slice(left * whole.BytesPerPixel, window.Stride)))
                        {
                            return false;
                        }
                    }

                    return true;
                },
                iter: 700);

    [Fact]
    public void LargeReductionsEqualTheSlowOnes()
    {
        foreach (PixelMode mode in Modes)
        {
            using DecodedImage image = Draw(mode, 1403, 977, 5);
            using DecodedImage fast = PillowResizer.Resize(image, 17, 23);
            Assert.Equal(SlowResize.Resize(image.Pixels.ToArray(), mode, 1403, 977, 17, 23, Interpolation.Bicubic), fast.Pixels.ToArray());
        }
    }

    [Fact]
    public void GrayOf16BitsIsResizedWithExactWeightsAndClippedAt255()
    {
        using DecodedImage image = DecodedImage.Rent(new ImageHeader(ImageFormat.Png, 4, 4, PixelMode.Gray16, 1, 1));
        image.Pixels.Clear();
        for (int i = 1; i < 32; i += 2)
        {
            image.Pixels[i] = 1; // 256
        }

        using DecodedImage half = PillowResizer.Resize(image, 2, 2);
        Assert.Equal([0, 1, 0, 1, 0, 1, 0, 1], half.Pixels.ToArray());
        byte[] pixels = new byte[12];
        new ClipPreprocessor(ImagePreprocessing.OpenAi(2)).Preprocess(image, pixels);
        Assert.All(pixels, p => Assert.Equal(255, p));
    }

    [Fact]
    public void SidesBelowOneAndWindowsOutsideAreRefused()
    {
        using DecodedImage image = Draw(PixelMode.Rgb, 8, 8, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => PillowResizer.Resize(image, 0, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => PillowResizer.Resize(image, 4, 4, 1, 0, 4, 4));
        image.Dispose();
        Assert.Throws<ObjectDisposedException>(() => PillowResizer.Resize(image, 4, 4));
    }

    internal static DecodedImage Draw(PixelMode mode, int width, int height, int seed)
    {
        Random random = new(seed);
        byte[] palette = new byte[mode == PixelMode.Palette ? 768 : 0];
        random.NextBytes(palette);
        DecodedImage image = DecodedImage.Rent(new ImageHeader(ImageFormat.Png, width, height, mode, 1, 1), palette);
        random.NextBytes(image.Pixels);
        if (seed % 3 == 0)
        {
            // Hard edges and flat areas: overshoot and full or no alpha.
            foreach (ref byte value in image.Pixels)
            {
                value = value < 128 ? (byte)0 : (byte)255;
            }
        }

        if (mode == PixelMode.Bilevel)
        {
            foreach (ref byte value in image.Pixels)
            {
                value = value < 128 ? (byte)0 : (byte)255;
            }
        }

        return image;
    }
}
