namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// Pillow's <c>Image.resize</c> to the bit: antialiased convolution with 22-bit weights, the horizontal pass first and rounded to 8 bits.
/// Alpha is premultiplied before and divided out after; palette and 1-bit pictures are resized by nearest neighbour; 16-bit gray with
/// double weights. The same size gives a copy.
/// </summary>
public static class PillowResizer
{
    /// <summary>Resizes a whole picture in its own mode.</summary>
    /// <param name="image">The picture; it is left as it is.</param>
    /// <param name="width">New width in pixels, at least 1.</param>
    /// <param name="height">New height in pixels, at least 1.</param>
    /// <param name="interpolation">The filter; palette and 1-bit pictures do not heed it.</param>
    /// <returns>A new picture in the same mode, to be disposed by the caller.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    /// <exception cref="ArgumentException">The result does not fit one array.</exception>
    public static DecodedImage Resize(DecodedImage image, int width, int height, Interpolation interpolation = Interpolation.Bicubic) =>
        Resize(image, width, height, 0, 0, width, height, interpolation);

    /// <summary>Resizes a picture and cuts a window out of the result; only what the window needs is computed.</summary>
    /// <param name="image">The picture; it is left as it is.</param>
    /// <param name="width">New width of the whole picture in pixels, at least 1.</param>
    /// <param name="height">New height of the whole picture in pixels, at least 1.</param>
    /// <param name="left">First column of the window.</param>
    /// <param name="top">First row of the window.</param>
    /// <param name="windowWidth">Width of the window, which lies inside the resized picture.</param>
    /// <param name="windowHeight">Height of the window.</param>
    /// <param name="interpolation">The filter; palette and 1-bit pictures do not heed it.</param>
    /// <returns>A new picture of the window's size in the same mode, to be disposed by the caller.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1, or the window leaves the resized picture.</exception>
    public static unsafe DecodedImage Resize(DecodedImage image, int width, int height, int left, int top, int windowWidth, int windowHeight, Interpolation interpolation = Interpolation.Bicubic)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowHeight, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(windowWidth, width - left);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(windowHeight, height - top);
        DecodedImage result = DecodedImage.Rent(image.Header with { Width = windowWidth, Height = windowHeight }, image.Palette);
        try
        {
            using Resampler resampler = new(image.Mode, image.Width, image.Height, width, height, left, top, windowWidth, windowHeight, interpolation);
            fixed (byte* pixels = image.Buffer)
            {
                resampler.Push(pixels, image.Stride, image.Height, (y, row) => row.CopyTo(result.GetRow(y)));
            }

            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }
}
