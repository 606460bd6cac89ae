using System.Buffers;
using SkiaSharp;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// JPEG. Gray and three components are decoded by Skia's libjpeg-turbo, scanline by scanline; four components by
/// <see cref="CmykJpegReader"/>, because Skia gives those as RGB only.
/// </summary>
internal sealed class JpegReader : PixelReader
{
    private readonly int _length;
    private readonly SKData _data;
    private readonly SKCodec _codec;
    private readonly SKImageInfo _target;
    private MemoryHandle _pin;

    private unsafe JpegReader(ReadOnlyMemory<byte> encoded, ImageHeader header)
        : base(header)
    {
        _length = encoded.Length;
        _pin = encoded.Pin();
        try
        {
            _data = SKData.Create((nint)_pin.Pointer, encoded.Length);
            _codec = SKCodec.Create(_data) ?? throw new CorruptImageException(ImageFormat.Jpeg, "its headers cannot be read");
            if (_codec.Info.Width != header.Width || _codec.Info.Height != header.Height)
            {
                throw new CorruptImageException(ImageFormat.Jpeg, "its headers contradict each other");
            }

            SKColorType color = header.Mode == PixelMode.Gray ? SKColorType.Gray8 : SKColorType.Rgba8888;
            _target = new SKImageInfo(header.Width, header.Height, color, SKAlphaType.Opaque, null);
            SKCodecResult result = _codec.StartScanlineDecode(_target);
            if (result != SKCodecResult.Success)
            {
                throw Failure(result);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public static PixelReader Open(ReadOnlyMemory<byte> encoded, ImageLimits limits)
    {
        JpegHeader header = JpegHeader.Read(encoded.Span);
        PixelMode mode = header.Components switch
        {
            1 => PixelMode.Gray,
            3 => PixelMode.Rgb,
            _ => PixelMode.Cmyk,
        };
        ImageHeader image = new(ImageFormat.Jpeg, header.Width, header.Height, mode, 1, header.Orientation);
        ImageDecoder.Check(image, limits);
        return mode == PixelMode.Cmyk ? new CmykJpegReader(encoded, image) : new JpegReader(encoded, image);
    }

    public override unsafe void ReadRows(Span<byte> destination, int count)
    {
        fixed (byte* target = destination)
        {
            int rows = _codec.GetScanlines((nint)target, count, _target.RowBytes);
            if (rows != count)
            {
                throw new TruncatedImageException(ImageFormat.Jpeg, _length);
            }
        }
    }

    public override void Dispose()
    {
        _codec?.Dispose();
        _data?.Dispose();
        _pin.Dispose();
    }

    private ImageException Failure(SKCodecResult result) => result == SKCodecResult.IncompleteInput
        ? new TruncatedImageException(ImageFormat.Jpeg, _length)
        : new CorruptImageException(ImageFormat.Jpeg, $"its pixels cannot be decoded ({result})");
}
