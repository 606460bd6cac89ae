using System.Buffers;
using SkiaSharp;

namespace ClipFunctions.Clip.Imaging;

/// <summary>Small squares of pictures: the short side scaled to the square's, the middle kept, turned upright by the EXIF orientation.</summary>
public static class Thumbnail
{
    /// <summary>The smallest side in pixels.</summary>
    public const int MinSize = 16;

    /// <summary>The largest side in pixels.</summary>
    public const int MaxSize = 512;

    private const int Quality = 80;

    /// <summary>Makes the thumbnail of a picture. Transparency is dropped, as it is for the models.</summary>
    /// <param name="encoded">The whole file of the picture.</param>
    /// <param name="size">Side in pixels, <see cref="MinSize"/> to <see cref="MaxSize"/>; smaller pictures are enlarged.</param>
    /// <param name="decoder">The decoder with its limits; one with the default limits if null.</param>
    /// <param name="cancellationToken">Looked at between bands of rows.</param>
    /// <returns>A JPEG file.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is out of its range.</exception>
    /// <exception cref="ImageException">The file is refused or damaged; see <see cref="ImageDecoder.ReadHeader"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static byte[] Create(ReadOnlyMemory<byte> encoded, int size, ImageDecoder? decoder = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, MinSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MaxSize);
        decoder ??= new ImageDecoder();
        int orientation = decoder.ReadHeader(encoded).Orientation;

        // The square is turned, not the picture as AutoOrient would: the same but for half a pixel, and never the whole picture in memory.
        ClipPreprocessor preprocessor = new(new ImagePreprocessing { Size = size, Interpolation = Interpolation.Bicubic }, decoder);
        byte[] pixels = ArrayPool<byte>.Shared.Rent(preprocessor.PixelCount);
        try
        {
            Span<byte> rgb = pixels.AsSpan(0, preprocessor.PixelCount);
            preprocessor.Preprocess(encoded, rgb, cancellationToken);
            using DecodedImage square = DecodedImage.Rent(new ImageHeader(ImageFormat.Jpeg, size, size, PixelMode.Rgb, 1, orientation));
            Widen(rgb, square.Pixels);
            if (orientation == 1)
            {
                return Encode(square);
            }

            using DecodedImage upright = ImageOrientation.Apply(square);
            return Encode(upright);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pixels);
        }
    }

    private static void Widen(ReadOnlySpan<byte> rgb, Span<byte> rgba)
    {
        for (int from = 0, to = 0; from < rgb.Length; from += 3, to += 4)
        {
            rgb.Slice(from, 3).CopyTo(rgba[to..]);
            rgba[to + 3] = byte.MaxValue;
        }
    }

    private static unsafe byte[] Encode(DecodedImage image)
    {
        fixed (byte* pixels = image.Pixels)
        {
            SKImageInfo info = new(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
            using SKPixmap pixmap = new(info, (nint)pixels, image.Stride);
            using SKData data = pixmap.Encode(SKEncodedImageFormat.Jpeg, Quality)
                ?? throw new InvalidOperationException($"Skia did not encode a JPEG of {image.Width} × {image.Height} pixels.");
            return data.ToArray();
        }
    }
}
