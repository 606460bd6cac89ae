namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// Decodes JPEG, PNG, WebP, GIF and BMP to the very samples that Pillow gives, in the file's own mode: colour profiles, gamma and
/// transparency are not applied, of an animation the first frame is taken. The limits are checked on the header before any pixel is
/// allocated. Safe to use from many threads.
/// </summary>
/// <param name="limits">What is accepted; <see cref="ImageLimits.Default"/> if null.</param>
public sealed class ImageDecoder(ImageLimits? limits = null)
{
    private const int BandBytes = 256 * 1024;

    /// <summary>What is accepted.</summary>
    public ImageLimits Limits { get; } = limits ?? ImageLimits.Default;

    /// <summary>Reads what the file says of itself and checks it against the limits.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <exception cref="EmptyImageException">There are no bytes.</exception>
    /// <exception cref="UnsupportedImageFormatException">The bytes are no picture of a kind that is read.</exception>
    /// <exception cref="CorruptImageException">The header breaks the format.</exception>
    /// <exception cref="TruncatedImageException">The file ends inside its header.</exception>
    /// <exception cref="TooManyBytesException">See <see cref="ImageLimits.MaxBytes"/>.</exception>
    /// <exception cref="TooManyPixelsException">See <see cref="ImageLimits.MaxPixels"/>.</exception>
    /// <exception cref="SideRatioException">See <see cref="ImageLimits.MaxSideRatio"/>.</exception>
    /// <exception cref="TooManyFramesException">See <see cref="ImageLimits.MaxFrames"/>.</exception>
    /// <exception cref="TooManyScansException">See <see cref="ImageLimits.MaxScans"/>.</exception>
    public ImageHeader ReadHeader(ReadOnlyMemory<byte> encoded)
    {
        using PixelReader reader = Open(encoded);
        return reader.Header;
    }

    /// <summary>Decodes a picture.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="cancellationToken">Looked at between bands of rows.</param>
    /// <returns>The picture in pooled memory, to be disposed by the caller.</returns>
    /// <exception cref="ImageException">The file is refused or damaged; see <see cref="ReadHeader"/>.</exception>
    /// <exception cref="DecodeTimeoutException">See <see cref="ImageLimits.MaxDecodeTime"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public DecodedImage Decode(ReadOnlyMemory<byte> encoded, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using PixelReader reader = Open(encoded, cancellationToken);
        return Decode(reader);
    }

    /// <summary>Decodes all rows of a picture that has been opened, and perhaps shrunk: then the header of the result tells the size of its rows.</summary>
    internal static DecodedImage Decode(PixelReader reader)
    {
        DecodedImage image = DecodedImage.Rent(reader.Header with { Width = reader.Width, Height = reader.Height }, reader.Palette);
        try
        {
            int band = RowsPerBand(image.Stride);
            for (int y = 0; y < image.Height; y += band)
            {
                reader.Watch?.Check();
                int count = Math.Min(band, image.Height - y);
                reader.ReadRows(image.Buffer.AsSpan(y * image.Stride, count * image.Stride), count);
            }

            reader.Finish();
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Opens a picture whose header the limits accept; from now on its time runs.</summary>
    internal PixelReader Open(ReadOnlyMemory<byte> encoded, CancellationToken cancellationToken = default)
    {
        DecodeWatch watch = new(Limits.MaxDecodeTime, cancellationToken);
        ReadOnlySpan<byte> bytes = encoded.Span;
        if (bytes.IsEmpty)
        {
            throw new EmptyImageException();
        }

        if (bytes.Length > Limits.MaxBytes)
        {
            throw new TooManyBytesException(Limits.MaxBytes, bytes.Length);
        }

        PixelReader reader = ImageFormats.Detect(bytes) switch
        {
            ImageFormat.Jpeg => JpegReader.Open(encoded, Limits),
            ImageFormat.Png => PngReader.Open(encoded, Limits),
            ImageFormat.Gif => GifReader.Open(encoded, Limits),
            ImageFormat.WebP => WebPReader.Open(encoded, Limits),
            ImageFormat.Bmp => BmpReader.Open(encoded, Limits),
            _ => throw new UnsupportedImageFormatException(NameOf(bytes)),
        };
        reader.Watch = watch;
        return reader;
    }

    /// <summary>Rows that are decoded at a time: few enough to stay in the processor's cache.</summary>
    internal static int RowsPerBand(int stride) => Math.Max(BandBytes / Math.Max(stride, 1) / 16 * 16, 16);

    /// <summary>Checks a header against the limits; readers call it before they allocate.</summary>
    internal static void Check(ImageHeader header, ImageLimits limits)
    {
        if (header.Width < 1 || header.Height < 1)
        {
            throw new CorruptImageException(header.Format, $"its size is {header.Width} × {header.Height} pixels");
        }

        CheckSize((uint)header.Width, (uint)header.Height, limits);
        if (header.FrameCount > limits.MaxFrames)
        {
            throw new TooManyFramesException(limits.MaxFrames, header.FrameCount);
        }
    }

    /// <summary>Checks a size that may be beyond <see cref="int"/>.</summary>
    internal static void CheckSize(uint width, uint height, ImageLimits limits)
    {
        ulong pixels = (ulong)width * height;
        if (pixels > (ulong)limits.MaxPixels)
        {
            throw new TooManyPixelsException(limits.MaxPixels, (long)Math.Min(pixels, long.MaxValue));
        }

        uint shorter = Math.Min(width, height);
        double ratio = shorter == 0 ? 1 : (double)Math.Max(width, height) / shorter;
        if (ratio > limits.MaxSideRatio)
        {
            throw new SideRatioException(limits.MaxSideRatio, ratio);
        }
    }

    private static string? NameOf(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [(byte)'I', (byte)'I', 42 or 43, 0, ..] or [(byte)'M', (byte)'M', 0, 42 or 43, ..] => "TIFF",
        [0x00, 0x00, 0x01, 0x00, ..] => "ICO",
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', ..] => "PDF",
        [(byte)'8', (byte)'B', (byte)'P', (byte)'S', ..] => "Photoshop",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'a', (byte)'v', (byte)'i', _, ..] => "AVIF",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'h' or (byte)'m', (byte)'e' or (byte)'i', ..] => "HEIF",
        [0xFF, 0x0A, ..] or [0, 0, 0, 12, (byte)'J', (byte)'X', (byte)'L', ..] => "JPEG XL",
        [0, 0, 0, 12, (byte)'j', (byte)'P', ..] => "JPEG 2000",
        _ => null,
    };
}
