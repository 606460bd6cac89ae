namespace ClipFunctions.Clip.Imaging;

/// <summary>Facts about <see cref="PixelMode"/>.</summary>
internal static class PixelModes
{
    /// <summary>Bytes that one pixel takes in a <see cref="DecodedImage"/>.</summary>
    public static int BytesPerPixel(this PixelMode mode) => mode switch
    {
        PixelMode.Bilevel or PixelMode.Gray or PixelMode.Palette => 1,
        PixelMode.Gray16 => 2,
        _ => 4,
    };

    /// <summary>Whether Pillow resizes the mode by nearest neighbour whatever interpolation is asked for.</summary>
    public static bool IsNearestOnly(this PixelMode mode) => mode is PixelMode.Bilevel or PixelMode.Palette;

    /// <summary>Whether the mode is premultiplied before a resize and un-premultiplied after it.</summary>
    public static bool HasAlpha(this PixelMode mode) => mode is PixelMode.GrayAlpha or PixelMode.Rgba;
}
