using System.Buffers;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// Turns a picture into what a CLIP model sees: openai/CLIP's <c>_transform</c>, torchvision's size and crop rules and Pillow's resize, to
/// the bit. Safe to use from many threads; a call leaves no garbage but small objects.
/// </summary>
public sealed class ClipPreprocessor
{
    /// <summary>What the decoder leaves of a picture in fast mode, as a multiple of the size after the resize.</summary>
    private const int FastRatio = 2;

    private readonly ImagePreprocessing _settings;
    private readonly ImageDecoder _decoder;
    private readonly float[] _table = new float[3 * 256];

    /// <summary>Creates a preprocessor.</summary>
    /// <param name="settings">How the model wants its pictures.</param>
    /// <param name="decoder">The decoder with its limits; one with the default limits if null.</param>
    public ClipPreprocessor(ImagePreprocessing settings, ImageDecoder? decoder = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _decoder = decoder ?? new ImageDecoder();
        for (int c = 0; c < 3; c++)
        {
            for (int v = 0; v < 256; v++)
            {
                _table[c * 256 + v] = (v / 255f - settings.Mean[c]) / settings.Std[c];
            }
        }
    }

    /// <summary>How the model wants its pictures.</summary>
    public ImagePreprocessing Settings => _settings;

    /// <summary>Side of the square in pixels.</summary>
    public int Size => _settings.Size;

    /// <summary>Bytes of a preprocessed picture: <see cref="Size"/> × <see cref="Size"/> × 3.</summary>
    public int PixelCount => 3 * Size * Size;

    /// <summary>Decodes and preprocesses a picture into a new array.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="cancellationToken">Looked at between bands of rows.</param>
    /// <returns><c>[size, size, 3]</c> red, green, blue bytes.</returns>
    /// <exception cref="ImageException">The file is refused or damaged; see <see cref="ImageDecoder.ReadHeader"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public byte[] Preprocess(ReadOnlyMemory<byte> encoded, CancellationToken cancellationToken = default)
    {
        byte[] pixels = new byte[PixelCount];
        Preprocess(encoded, pixels, cancellationToken);
        return pixels;
    }

    /// <summary>Decodes and preprocesses a picture; the whole picture is never held, where its format allows that.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="pixels">Takes <c>[size, size, 3]</c> red, green, blue bytes.</param>
    /// <param name="cancellationToken">Looked at between bands of rows.</param>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> has not <see cref="PixelCount"/> bytes.</exception>
    /// <exception cref="ImageException">The file is refused or damaged; see <see cref="ImageDecoder.ReadHeader"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Preprocess(ReadOnlyMemory<byte> encoded, Span<byte> pixels, CancellationToken cancellationToken = default)
    {
        CheckPixels(pixels);
        cancellationToken.ThrowIfCancellationRequested();
        using PixelReader reader = _decoder.Open(encoded, cancellationToken);
        int orientation = _settings.AutoOrient ? reader.Header.Orientation : 1;
        (int width, int height) = (reader.Header.Width, reader.Header.Height);
        Placement placement = Place(orientation >= 5 ? height : width, orientation >= 5 ? width : height);
        if (_settings.Mode == PreprocessingMode.Fast)
        {
            int minWidth = FastRatio * placement.Width, minHeight = FastRatio * placement.Height;
            reader.Shrink(orientation >= 5 ? minHeight : minWidth, orientation >= 5 ? minWidth : minHeight);
        }

        if (orientation == 1)
        {
            Run(reader, placement, pixels);
            return;
        }

        using DecodedImage stored = ImageDecoder.Decode(reader);
        using DecodedImage upright = ImageOrientation.Apply(stored);
        Run(upright, reader.Box.Turn(orientation, stored.Width, stored.Height), placement, pixels);
    }

    /// <summary>Preprocesses a decoded picture.</summary>
    /// <param name="image">The picture; it is left as it is.</param>
    /// <param name="pixels">Takes <c>[size, size, 3]</c> red, green, blue bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> has not <see cref="PixelCount"/> bytes.</exception>
    public void Preprocess(DecodedImage image, Span<byte> pixels)
    {
        ArgumentNullException.ThrowIfNull(image);
        CheckPixels(pixels);
        if (_settings.AutoOrient && image.Header.Orientation > 1)
        {
            using DecodedImage upright = ImageOrientation.Apply(image);
            Preprocess(upright, pixels);
            return;
        }

        Run(image, SourceBox.All(image.Width, image.Height), Place(image.Width, image.Height), pixels);
    }

    /// <summary>Scales and normalises: <c>(pixel / 255 − mean) / std</c> in float32, each value exactly the reference's.</summary>
    /// <param name="pixels"><c>[size, size, 3]</c> red, green, blue bytes.</param>
    /// <param name="tensor">Takes <c>[3, size, size]</c> floats.</param>
    /// <exception cref="ArgumentException">A span has not <see cref="PixelCount"/> elements.</exception>
    public void Normalize(ReadOnlySpan<byte> pixels, Span<float> tensor)
    {
        CheckPixels(pixels);
        if (tensor.Length != PixelCount)
        {
            throw new ArgumentException($"{PixelCount} values are needed for 3 × {Size} × {Size}, not {tensor.Length}.", nameof(tensor));
        }

        int plane = Size * Size;
        Span<float> red = tensor[..plane];
        Span<float> green = tensor.Slice(plane, plane);
        Span<float> blue = tensor.Slice(2 * plane, plane);
        ReadOnlySpan<float> reds = _table.AsSpan(0, 256);
        ReadOnlySpan<float> greens = _table.AsSpan(256, 256);
        ReadOnlySpan<float> blues = _table.AsSpan(512, 256);
        for (int i = 0, p = 0; i < plane; i++, p += 3)
        {
            red[i] = reds[pixels[p]];
            green[i] = greens[pixels[p + 1]];
            blue[i] = blues[pixels[p + 2]];
        }
    }

    private unsafe void Run(DecodedImage image, SourceBox box, Placement placement, Span<byte> pixels)
    {
        FillAround(image.Mode, image.Palette, placement, pixels);
        fixed (byte* target = pixels)
        fixed (byte* source = image.Buffer)
        {
            using Resampler resampler = Prepare(image.Mode, image.Width, image.Height, box, placement);
            resampler.Push(source, image.Stride, image.Height, new RgbSink(image.Mode, image.PaletteArray, target, Size, Inside(placement)).Write);
        }
    }

    private unsafe void Run(PixelReader reader, Placement placement, Span<byte> pixels)
    {
        PixelMode mode = reader.Header.Mode;
        int stride = reader.Width * mode.BytesPerPixel();
        int band = Math.Min(ImageDecoder.RowsPerBand(stride), reader.Height);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(checked(band * stride + DecodedImage.Slack));
        try
        {
            FillAround(mode, reader.Palette, placement, pixels);
            using Resampler resampler = Prepare(mode, reader.Width, reader.Height, reader.Box, placement);
            reader.Keep(resampler.FirstColumn, resampler.EndColumn, resampler.FirstRow, resampler.EndRow);
            fixed (byte* target = pixels)
            fixed (byte* source = buffer)
            {
                Resampler.RowSink sink = new RgbSink(mode, reader.Palette, target, Size, Inside(placement)).Write;
                for (int y = 0; y < reader.Height; y += band)
                {
                    reader.Watch?.Check();
                    int count = Math.Min(band, reader.Height - y);
                    reader.ReadRows(buffer.AsSpan(0, count * stride), count);
                    resampler.Push(source, stride, count, sink);
                }
            }

            reader.Finish();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private Placement Place(int width, int height) => Geometry(width, height, _settings.ResizeMode, Size);

    private Resampler Prepare(PixelMode mode, int width, int height, SourceBox box, Placement placement) => new(
        mode,
        width,
        height,
        box,
        placement.Width,
        placement.Height,
        Math.Max(placement.Left, 0),
        Math.Max(placement.Top, 0),
        Math.Min(placement.Width, Size),
        Math.Min(placement.Height, Size),
        _settings.Interpolation);

    // Where in the square the picture begins, in bytes.
    private int Inside(Placement placement) => 3 * (Math.Max(-placement.Top, 0) * Size + Math.Max(-placement.Left, 0));

    private void FillAround(PixelMode mode, ReadOnlySpan<byte> palette, Placement placement, Span<byte> pixels)
    {
        if (placement.Width >= Size && placement.Height >= Size)
        {
            return;
        }

        byte fill = (byte)_settings.Fill;
        Span<byte> pixel = stackalloc byte[mode.BytesPerPixel()];
        pixel.Fill(mode == PixelMode.Bilevel && fill != 0 ? byte.MaxValue : fill);
        if (mode == PixelMode.Gray16)
        {
            pixel[1] = 0;
        }

        Span<byte> rgb = pixels[..3];
        PixelArithmetic.ToRgb(mode, palette, pixel, rgb);
        for (int at = 3; at < pixels.Length; at += 3)
        {
            rgb.CopyTo(pixels[at..]);
        }
    }

    /// <summary>
    /// The size after the resize and the crop's offset: torchvision's <c>Resize</c> and <c>CenterCrop</c>, open_clip's <c>ResizeKeepRatio</c> and
    /// <c>CenterCropOrPad</c>.
    /// </summary>
    internal static Placement Geometry(int width, int height, ResizeMode mode, int size)
    {
        if (mode == ResizeMode.Squash)
        {
            return new Placement(size, size, 0, 0);
        }

        if (mode == ResizeMode.LongestSide)
        {
            // Divided first, as in the reference. A side that rounds to nothing is an error there.
            double ratio = Math.Max((double)width / size, (double)height / size);
            int newWidth = Math.Max((int)Math.Round(width / ratio, MidpointRounding.ToEven), 1);
            int newHeight = Math.Max((int)Math.Round(height / ratio, MidpointRounding.ToEven), 1);
            return new Placement(newWidth, newHeight, -((size - newWidth) / 2), -((size - newHeight) / 2));
        }

        int shorter = Math.Min(width, height);
        int longer = (int)((double)((long)size * Math.Max(width, height)) / shorter);
        int offset = (int)Math.Round((longer - size) / 2.0, MidpointRounding.ToEven);
        return width <= height ? new Placement(size, longer, 0, offset) : new Placement(longer, size, offset, 0);
    }

    private void CheckPixels(ReadOnlySpan<byte> pixels)
    {
        if (pixels.Length != PixelCount)
        {
            throw new ArgumentException($"{PixelCount} bytes are needed for {Size} × {Size} × 3, not {pixels.Length}.", nameof(pixels));
        }
    }

    /// <summary>Size of the whole picture after the resize, and where the square lies in it; below 0 where the square reaches beyond the picture.</summary>
    internal readonly record struct Placement(int Width, int Height, int Left, int Top);

    private sealed unsafe class RgbSink(PixelMode mode, byte[]? palette, byte* target, int size, int inside)
    {
        private readonly int _bytesPerPixel = mode.BytesPerPixel();

        public void Write(int y, Span<byte> row) =>
            PixelArithmetic.ToRgb(mode, palette, row, new Span<byte>(target + inside + (nint)y * size * 3, row.Length / _bytesPerPixel * 3));
    }
}
