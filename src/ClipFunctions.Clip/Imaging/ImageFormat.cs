namespace ClipFunctions.Clip.Imaging;

/// <summary>The file formats that <see cref="ImageDecoder"/> reads, told by a file's first bytes, never by its name.</summary>
public enum ImageFormat
{
    /// <summary>JPEG: gray, YCbCr, RGB, CMYK and YCCK; baseline and progressive.</summary>
    Jpeg,

    /// <summary>PNG: all colour types and bit depths, interlaced or not; of an APNG its first picture.</summary>
    Png,

    /// <summary>WebP: lossy, lossless, with alpha; of an animation its first frame.</summary>
    WebP,

    /// <summary>GIF: the first frame.</summary>
    Gif,

    /// <summary>Windows and OS/2 bitmap.</summary>
    Bmp,
}
