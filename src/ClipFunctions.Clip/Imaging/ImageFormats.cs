namespace ClipFunctions.Clip.Imaging;

/// <summary>Tells file formats by their first bytes, as <see cref="ImageDecoder"/> does.</summary>
public static class ImageFormats
{
    /// <summary>How many bytes of a file are enough to tell its format.</summary>
    public const int SignatureLength = 12;

    /// <summary>The format of a file; null if it is none that is read. Nothing behind the signature is looked at.</summary>
    /// <param name="encoded">The file, or its first <see cref="SignatureLength"/> bytes.</param>
    public static ImageFormat? Detect(ReadOnlySpan<byte> encoded) => encoded switch
    {
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat.Jpeg,
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => ImageFormat.Png,
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => ImageFormat.Gif,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ImageFormat.WebP,
        [(byte)'B', (byte)'M', ..] => ImageFormat.Bmp,
        _ => null,
    };

    /// <summary>The media type of a file, for example <c>image/jpeg</c>; null if it is none that is read.</summary>
    /// <param name="encoded">The file, or its first <see cref="SignatureLength"/> bytes.</param>
    public static string? MediaType(ReadOnlySpan<byte> encoded) => Detect(encoded) is { } format ? MediaType(format) : null;

    /// <summary>The registered media type of a format.</summary>
    /// <param name="format">The format.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is no such value.</exception>
    public static string MediaType(ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => "image/jpeg",
        ImageFormat.Png => "image/png",
        ImageFormat.WebP => "image/webp",
        ImageFormat.Gif => "image/gif",
        ImageFormat.Bmp => "image/bmp",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };
}
