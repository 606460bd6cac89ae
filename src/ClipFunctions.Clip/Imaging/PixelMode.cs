namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// What a decoded picture's bytes mean: the file's own mode, as Pillow has it, because the reference resizes in that mode and turns
/// to RGB last.
/// </summary>
public enum PixelMode
{
    /// <summary>Pillow's <c>1</c>: one byte a pixel, 0 or 255. Resized by nearest neighbour.</summary>
    Bilevel,

    /// <summary>Pillow's <c>L</c>: one byte a pixel.</summary>
    Gray,

    /// <summary>Pillow's <c>LA</c>: four bytes a pixel, the gray value three times, then alpha (not premultiplied).</summary>
    GrayAlpha,

    /// <summary>Pillow's <c>P</c>: one byte a pixel, an index into <see cref="DecodedImage.Palette"/>. Resized by nearest neighbour.</summary>
    Palette,

    /// <summary>Pillow's <c>RGB</c>: four bytes a pixel, red, green, blue and a byte without meaning.</summary>
    Rgb,

    /// <summary>Pillow's <c>RGBA</c>: four bytes a pixel, alpha last and not premultiplied.</summary>
    Rgba,

    /// <summary>Pillow's <c>CMYK</c>: four bytes a pixel, 255 = full ink.</summary>
    Cmyk,

    /// <summary>Pillow's <c>I</c>, of 16-bit gray PNG files: two bytes a pixel, little-endian. Turned to 8 bits by clipping at 255, as Pillow does.</summary>
    Gray16,
}
