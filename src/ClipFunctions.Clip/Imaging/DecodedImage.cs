using System.Buffers;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// A decoded picture in the file's own mode, in pooled memory: dispose it to give the memory back. Rows lie one after the other, top row
/// first, without padding; <see cref="PixelMode"/> tells what a pixel's bytes are.
/// </summary>
public sealed class DecodedImage : IDisposable
{
    /// <summary>Bytes that stand behind the last pixel, so that vector loads of the last pixels stay inside the array.</summary>
    internal const int Slack = 64;

    private byte[]? _buffer;
    private readonly byte[]? _palette;

    private DecodedImage(ImageHeader header, byte[]? palette, byte[] buffer)
    {
        Header = header;
        _palette = palette;
        _buffer = buffer;
    }

    /// <summary>What the file says of itself.</summary>
    public ImageHeader Header { get; }

    /// <summary>The file format.</summary>
    public ImageFormat Format => Header.Format;

    /// <summary>Width in pixels.</summary>
    public int Width => Header.Width;

    /// <summary>Height in pixels.</summary>
    public int Height => Header.Height;

    /// <summary>What a pixel's bytes are.</summary>
    public PixelMode Mode => Header.Mode;

    /// <summary>Bytes of one pixel: 1, 2 or 4 by <see cref="Mode"/>.</summary>
    public int BytesPerPixel => Header.Mode.BytesPerPixel();

    /// <summary>Bytes from one row to the next.</summary>
    public int Stride => Width * BytesPerPixel;

    /// <summary>256 × red, green, blue where <see cref="Mode"/> is <see cref="PixelMode.Palette"/>, otherwise empty.</summary>
    public ReadOnlySpan<byte> Palette => _palette;

    /// <summary>All pixels: <see cref="Height"/> × <see cref="Stride"/> bytes.</summary>
    /// <exception cref="ObjectDisposedException">The picture has been disposed.</exception>
    public Span<byte> Pixels => Buffer.AsSpan(0, Height * Stride);

    internal byte[]? PaletteArray => _palette;

    internal byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(DecodedImage));

    /// <summary>One row: <see cref="Stride"/> bytes.</summary>
    /// <param name="y">The row, counted from the top.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="ObjectDisposedException">The picture has been disposed.</exception>
    public Span<byte> GetRow(int y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(y, Height);
        return Buffer.AsSpan(y * Stride, Stride);
    }

    /// <summary>Takes memory for a picture from the pool; its pixels are not cleared. Other decoders than ours fill it through <see cref="Pixels"/>.</summary>
    /// <param name="header">Size and mode.</param>
    /// <param name="palette">256 × red, green, blue for <see cref="PixelMode.Palette"/>, otherwise empty.</param>
    /// <exception cref="ArgumentException">The size is not positive, the pixels do not fit one array, or the palette does not fit the mode.</exception>
    public static DecodedImage Rent(ImageHeader header, ReadOnlySpan<byte> palette = default)
    {
        long bytes = (long)header.Width * header.Height * header.Mode.BytesPerPixel();
        if (header.Width < 1 || header.Height < 1 || bytes + Slack > Array.MaxLength)
        {
            throw new ArgumentException($"No picture of {header.Width} × {header.Height} pixels can be held.", nameof(header));
        }

        if (palette.Length != (header.Mode == PixelMode.Palette ? 768 : 0))
        {
            throw new ArgumentException($"A palette of {palette.Length} bytes does not fit mode {header.Mode}.", nameof(palette));
        }

        return new DecodedImage(header, palette.IsEmpty ? null : palette.ToArray(), ArrayPool<byte>.Shared.Rent((int)bytes + Slack));
    }

    /// <summary>Gives the memory back to the pool.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
