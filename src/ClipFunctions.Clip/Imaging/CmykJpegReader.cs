namespace ClipFunctions.Clip.Imaging;

/// <summary>JPEG of four components.</summary>
internal sealed class CmykJpegReader(ReadOnlyMemory<byte> encoded, ImageHeader header) : PixelReader(header)
{
    public override void ReadRows(Span<byte> destination, int count) =>
        throw new UnsupportedImageFormatException($"JPEG of four components ({encoded.Length} bytes)");

    public override void Dispose()
    {
    }
}
