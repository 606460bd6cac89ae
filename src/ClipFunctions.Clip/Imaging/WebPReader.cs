using System.Buffers;
using System.Buffers.Binary;
using SkiaSharp;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// WebP by Skia's libwebp. The chunks are read here first, because Pillow refuses a file whose chunks are not whole and takes the mode from
/// them.
/// </summary>
internal sealed class WebPReader : PixelReader
{
    private readonly ReadOnlyMemory<byte> _encoded;
    private byte[]? _pixels;
    private int _y;

    private WebPReader(ReadOnlyMemory<byte> encoded, ImageHeader header)
        : base(header) => _encoded = encoded;

    public static WebPReader Open(ReadOnlyMemory<byte> encoded, ImageLimits limits)
    {
        ReadOnlySpan<byte> file = encoded.Span;
        uint riff = BinaryPrimitives.ReadUInt32LittleEndian(file[4..]);
        if (riff > file.Length - 8)
        {
            throw new TruncatedImageException(ImageFormat.WebP, file.Length);
        }

        if (riff < 12)
        {
            throw Corrupt("it has no chunks");
        }

        ReadOnlyMemory<byte> whole = encoded[..(int)(8 + riff)];
        ImageHeader header = ReadHeader(whole.Span[12..], file.Length);
        ImageDecoder.Check(header, limits);
        return new WebPReader(whole, header);
    }

    public override void ReadRows(Span<byte> destination, int count)
    {
        int stride = Header.Width * 4;
        _pixels ??= DecodeAll(stride);
        _pixels.AsSpan(_y * stride, count * stride).CopyTo(destination);
        _y += count;
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _pixels, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static CorruptImageException Corrupt(string what) => new(ImageFormat.WebP, what);

    private static ImageHeader ReadHeader(ReadOnlySpan<byte> chunks, int fileLength)
    {
        int width = 0, height = 0, frames = 0, orientation = 1;
        bool alpha = false, extended = false, animated = false, pictured = false;
        for (bool first = true; chunks.Length >= 8; first = false)
        {
            ReadOnlySpan<byte> name = chunks[..4];
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(chunks[4..]);
            if (length > chunks.Length - 8)
            {
                throw new TruncatedImageException(ImageFormat.WebP, fileLength);
            }

            ReadOnlySpan<byte> data = chunks.Slice(8, (int)length);
            chunks = chunks[Math.Min(8 + (int)length + ((int)length & 1), chunks.Length)..];
            if (name.SequenceEqual("VP8X"u8))
            {
                if (!first || data.Length < 10)
                {
                    throw Corrupt("its extended header is misplaced or too short");
                }

                extended = true;
                animated = (data[0] & 2) != 0;
                alpha = (data[0] & 16) != 0;
                width = 1 + (data[4] | data[5] << 8 | data[6] << 16);
                height = 1 + (data[7] | data[8] << 8 | data[9] << 16);
            }
            else if (name.SequenceEqual("VP8 "u8) && !pictured && !animated)
            {
                pictured = true;
                if (data.Length < 10 || data[3] != 0x9D || data[4] != 0x01 || data[5] != 0x2A)
                {
                    throw Corrupt("its VP8 frame has no header");
                }

                Size((data[6] | data[7] << 8) & 0x3FFF, (data[8] | data[9] << 8) & 0x3FFF, ref width, ref height, extended);
            }
            else if (name.SequenceEqual("VP8L"u8) && !pictured && !animated)
            {
                pictured = true;
                if (data.Length < 5 || data[0] != 0x2F)
                {
                    throw Corrupt("its VP8L picture has no header");
                }

                uint bits = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
                Size((int)(bits & 0x3FFF) + 1, (int)(bits >> 14 & 0x3FFF) + 1, ref width, ref height, extended);
                alpha = extended ? alpha : (bits >> 28 & 1) != 0;
            }
            else if (name.SequenceEqual("ANMF"u8))
            {
                frames++;
                pictured |= animated;
            }
            else if (name.SequenceEqual("EXIF"u8))
            {
                orientation = ImageOrientation.Parse(data.StartsWith("Exif\0\0"u8) ? data[6..] : data);
            }

            if (!extended && pictured)
            {
                break;
            }
        }

        if (!pictured)
        {
            throw Corrupt("it has no picture");
        }

        return new ImageHeader(ImageFormat.WebP, width, height, alpha ? PixelMode.Rgba : PixelMode.Rgb, Math.Max(animated ? frames : 1, 1), orientation);

        static void Size(int width, int height, ref int fullWidth, ref int fullHeight, bool extended)
        {
            if (extended && (width != fullWidth || height != fullHeight))
            {
                throw Corrupt("its picture has not the size that its header tells");
            }

            (fullWidth, fullHeight) = (width, height);
        }
    }

    private unsafe byte[] DecodeAll(int stride)
    {
        using MemoryHandle pin = _encoded.Pin();
        using SKData data = SKData.Create((nint)pin.Pointer, _encoded.Length);
        using SKCodec codec = SKCodec.Create(data) ?? throw Corrupt("its headers cannot be read");
        if (codec.Info.Width != Header.Width || codec.Info.Height != Header.Height)
        {
            throw Corrupt("its headers contradict each other");
        }

        byte[] pixels = ArrayPool<byte>.Shared.Rent(stride * Header.Height);
        SKAlphaType alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul;
        fixed (byte* target = pixels)
        {
            SKCodecResult result = codec.GetPixels(new SKImageInfo(Header.Width, Header.Height, SKColorType.Rgba8888, alpha, null), (nint)target);
            if (result == SKCodecResult.Success)
            {
                return pixels;
            }

            ArrayPool<byte>.Shared.Return(pixels);
            throw result == SKCodecResult.IncompleteInput
                ? new TruncatedImageException(ImageFormat.WebP, _encoded.Length)
                : Corrupt($"its pixels cannot be decoded ({result})");
        }
    }
}
