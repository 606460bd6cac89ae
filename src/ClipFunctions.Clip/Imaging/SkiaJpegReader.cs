using System.Buffers;
using SkiaSharp;

namespace ClipFunctions.Clip.Imaging;

/// <summary>JPEG of one or three components, decoded by Skia's libjpeg-turbo: what <see cref="JpegReader"/> does not read, and machines without its vector instructions.</summary>
internal sealed class SkiaJpegReader : PixelReader
{
    private readonly ReadOnlyMemory<byte> _encoded;
    private SKData? _data;
    private SKCodec? _codec;
    private int _rowBytes;
    private MemoryHandle _pin;

    public SkiaJpegReader(ReadOnlyMemory<byte> encoded, ImageHeader header)
        : base(header) => _encoded = encoded;

    public override void Shrink(int minWidth, int minHeight)
    {
        // 7/8 takes libjpeg longer than the whole picture.
        for (int eighths = 1; eighths < 7; eighths++)
        {
            int width = Scaled(Header.Width, eighths), height = Scaled(Header.Height, eighths);
            if (width >= minWidth && height >= minHeight)
            {
                // Of scales that give the same size, Skia takes the largest.
                while (eighths < 8 && Scaled(Header.Width, eighths + 1) == width && Scaled(Header.Height, eighths + 1) == height)
                {
                    eighths++;
                }

                (Width, Height) = (width, height);
                Box = new SourceBox(0, 0, Header.Width * eighths / 8.0, Header.Height * eighths / 8.0);
                return;
            }
        }

        static int Scaled(int side, int eighths) => (int)(((long)side * eighths + 7) / 8);
    }

    public override unsafe void ReadRows(Span<byte> destination, int count)
    {
        _codec ??= Start();
        fixed (byte* target = destination)
        {
            int rows = _codec.GetScanlines((nint)target, count, _rowBytes);
            if (rows != count)
            {
                throw new TruncatedImageException(ImageFormat.Jpeg, _encoded.Length);
            }
        }
    }

    public override void Dispose()
    {
        _codec?.Dispose();
        _data?.Dispose();
        _pin.Dispose();
    }

    private unsafe SKCodec Start()
    {
        _pin = _encoded.Pin();
        _data = SKData.Create((nint)_pin.Pointer, _encoded.Length);
        SKCodec codec = SKCodec.Create(_data) ?? throw new CorruptImageException(ImageFormat.Jpeg, "its headers cannot be read");
        SKColorType color = Header.Mode == PixelMode.Gray ? SKColorType.Gray8 : SKColorType.Rgba8888;
        SKImageInfo target = new(Width, Height, color, SKAlphaType.Opaque, null);
        bool sameSize = codec.Info.Width == Header.Width && codec.Info.Height == Header.Height;
        SKCodecResult result = sameSize ? codec.StartScanlineDecode(target) : SKCodecResult.InvalidInput;
        if (result != SKCodecResult.Success)
        {
            codec.Dispose();
            throw result == SKCodecResult.IncompleteInput
                ? new TruncatedImageException(ImageFormat.Jpeg, _encoded.Length)
                : new CorruptImageException(ImageFormat.Jpeg, $"its pixels cannot be decoded ({result})");
        }

        _rowBytes = target.RowBytes;
        return codec;
    }
}
