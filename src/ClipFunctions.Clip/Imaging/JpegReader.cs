using System.Buffers;
using System.Runtime.Intrinsics.X86;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// JPEG, Huffman-coded, baseline or progressive, to the very samples that libjpeg-turbo gives with its defaults: accurate integer transform, "fancy"
/// upsampling. Our own, because Skia's libjpeg-turbo has no vector code on x64, decodes columns that no one looks at, and gives inks as RGB only.
/// A picture of one scan is decoded as its rows are asked for. What is not read here (arithmetic coding, odd samplings, progressive files of which scans are missing)
/// is left to Skia.
/// </summary>
internal sealed unsafe class JpegReader : PixelReader
{
    private static readonly ushort[] NoQuantization = new ushort[64];

    private readonly ReadOnlyMemory<byte> _encoded;
    private readonly JpegFile _file;
    private readonly int _coarsest;
    private byte[]? _samples;
    private short[]? _coefficients;
    private byte[]? _lines;
    private short[]? _sums;
    private JpegScanReader? _scan;
    private SkiaJpegReader? _skia;
    private int _coefficientCount;
    private int _eighths = 8;
    private int _lineStride;
    private int _unitRow;
    private int _y;
    private int _firstColumn;
    private int _endColumn;
    private int _firstRow;
    private int _endRow;

    private JpegReader(ReadOnlyMemory<byte> encoded, ImageHeader header, int coarsest)
        : base(header)
    {
        _encoded = encoded;
        _coarsest = coarsest;
        _file = new JpegFile(encoded, header);
        (_endColumn, _endRow) = (header.Width, header.Height);
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
        JpegScans.Check(encoded.Span, image, limits);
        bool ours = mode == PixelMode.Cmyk || (Avx2.IsSupported && header.IsHuffmanCoded && header.Coarsest > 0);
        return ours ? new JpegReader(encoded, image, header.Coarsest) : new SkiaJpegReader(encoded, image);
    }

    public override void Shrink(int minWidth, int minHeight)
    {
        for (int eighths = 1; eighths <= 4 && eighths * _coarsest <= 8; eighths++)
        {
            int width = Scaled(Header.Width), height = Scaled(Header.Height);
            if (width >= minWidth && height >= minHeight)
            {
                _eighths = eighths;
                (Width, Height) = (width, height);
                (_endColumn, _endRow) = (width, height);
                Box = new SourceBox(0, 0, Header.Width * eighths / 8.0, Header.Height * eighths / 8.0);
                return;
            }

            int Scaled(int side) => (int)(((long)side * eighths + 7) / 8);
        }
    }

    public override void Keep(int firstColumn, int endColumn, int firstRow, int endRow) =>
        (_firstColumn, _endColumn, _firstRow, _endRow) = (firstColumn, endColumn, firstRow, endRow);

    public override void ReadRows(Span<byte> destination, int count)
    {
        if (_samples is null)
        {
            Start();
        }

        if (_skia is not null)
        {
            _skia.ReadRows(destination, count);
            return;
        }

        int stride = Width * Header.Mode.BytesPerPixel();
        fixed (byte* target = destination, samples = _samples, lines = _lines)
        fixed (short* coefficients = _coefficients, sums = _sums)
        {
            for (int i = 0; i < count; i++, _y++)
            {
                foreach (JpegComponent component in _file.Components)
                {
                    int last = component.ExpandV == 1 ? _y : Math.Min(_y / component.ExpandV + 1, component.Height - 1);
                    while (_unitRow * component.RowsHeld / 2 <= last)
                    {
                        ReadUnitRow(samples, coefficients);
                    }
                }

                if (_y >= _firstRow && _y < _endRow)
                {
                    WriteRow(samples, lines, sums, target + (nint)i * stride);
                }
            }
        }
    }

    public override void Finish()
    {
        if (_scan is null)
        {
            return;
        }

        // As jpeg_finish_decompress, to which Pillow gives no more bytes: what is broken behind the only scan counts, that it is cut off does not.
        try
        {
            _file.At = _scan.End;
            if (_file.NextScan() is not null)
            {
                throw new CorruptImageException(ImageFormat.Jpeg, "a scan stands behind its only one");
            }
        }
        catch (TruncatedImageException)
        {
        }
    }

    public override void Dispose()
    {
        _file.Dispose();
        _skia?.Dispose();
        Return(ref _samples);
        Return(ref _lines);
        Return(ref _coefficients);
        Return(ref _sums);

        static void Return<T>(ref T[]? array)
        {
            if (Interlocked.Exchange(ref array, null) is { } rented)
            {
                ArrayPool<T>.Shared.Return(rented);
            }
        }
    }

    private void Start()
    {
        ReadOnlySpan<byte> file = _encoded.Span;
        JpegScan? scan = _file.NextScan();
        JpegComponent[] components = _file.Components;
        bool single = !_file.Progressive && scan!.Components.Length == components.Length;
        int samples = 0, coefficients = 0, widest = 0;
        foreach (JpegComponent component in components)
        {
            component.Lay(Header.Width, Header.Height, _file.MaxH, _file.MaxV, _eighths);
            component.Keep(_firstColumn, _endColumn);
            component.SamplesAt = samples;
            component.CoefficientsAt = coefficients;
            samples = checked(samples + component.RowsHeld * component.Stride);
            coefficients = checked(coefficients + 64 * component.BlockStride * (single ? component.V : component.StoredDown));
            widest = Math.Max(widest, component.Width);
        }

        _lineStride = Width + 2 * JpegComponent.Margin;
        _lines = ArrayPool<byte>.Shared.Rent(components.Length * _lineStride);
        _sums = ArrayPool<short>.Shared.Rent(widest + JpegComponent.Margin);
        _coefficients = ArrayPool<short>.Shared.Rent(coefficients);
        _coefficients.AsSpan(0, coefficients).Clear();
        _coefficientCount = coefficients;
        _samples = ArrayPool<byte>.Shared.Rent(samples);
        if (single)
        {
            _scan = new JpegScanReader(_file, scan!, Header.Width, Header.Height);
            return;
        }

        fixed (short* memory = _coefficients)
        {
            for (; scan is not null; scan = _file.NextScan())
            {
                JpegScanReader reader = new(_file, scan, Header.Width, Header.Height);
                for (int row = 0; row < reader.RowCount; row++)
                {
                    Watch?.Check();
                    reader.ReadRow(file, memory, row);
                }

                _file.At = reader.End;
            }
        }

        if (_file.IsIncomplete && Header.Mode != PixelMode.Cmyk)
        {
            // libjpeg smooths such blocks.
            _skia = new SkiaJpegReader(_encoded, Header);
            _skia.Shrink(Width, Height);
        }
    }

    private void ReadUnitRow(byte* samples, short* coefficients)
    {
        _scan?.ReadRow(_encoded.Span, coefficients, 0);
        int height = _file.MaxV * _eighths;
        bool wanted = (_unitRow + 1) * height + _file.MaxV > _firstRow && _unitRow * height - _file.MaxV < _endRow;
        for (int i = 0; wanted && i < _file.Components.Length; i++)
        {
            JpegComponent component = _file.Components[i];
            for (int y = 0; y < component.V; y++)
            {
                int blockRow = _unitRow * component.V + y;
                short* blocks = coefficients + component.CoefficientsAt + 64 * (nint)component.BlockStride * (_scan is null ? blockRow : y);
                byte* rows = Row(component, samples, blockRow * component.BlockHeight);
                Transform(component, blocks, rows);
                for (int row = 0; row < component.BlockHeight; row++, rows += component.Stride)
                {
                    rows[-1] = rows[0];
                    rows[component.Width] = rows[component.Width - 1];
                }
            }
        }

        if (_scan is not null)
        {
            new Span<short>(coefficients, _coefficientCount).Clear();
        }

        _unitRow++;
    }

    private static void Transform(JpegComponent component, short* blocks, byte* rows)
    {
        // A component that no scan speaks of has no table and stays zero.
        fixed (ushort* quantization = component.Quantization ?? NoQuantization)
        {
            if (component.BlockWidth == 8 && component.BlockHeight == 8)
            {
                for (int x = component.FirstBlock; x < component.EndBlock; x += 2)
                {
                    JpegIdct.TransformTwo(blocks + 64 * x, quantization, rows + 8 * x, component.Stride);
                }

                return;
            }

            for (int x = component.FirstBlock; x < component.EndBlock; x++)
            {
                JpegShrinkingIdct.Transform(blocks + 64 * x, quantization, rows + component.BlockWidth * x, component.Stride, component.BlockWidth, component.BlockHeight);
            }
        }
    }

    private void WriteRow(byte* samples, byte* lines, short* sums, byte* target)
    {
        byte* a = Line(0);
        if (Header.Mode == PixelMode.Gray)
        {
            new Span<byte>(a + _firstColumn, _endColumn - _firstColumn).CopyTo(new Span<byte>(target + _firstColumn, _endColumn - _firstColumn));
            return;
        }

        byte* b = Line(1), c = Line(2);
        if (Header.Mode == PixelMode.Cmyk)
        {
            JpegColor.ToInks(_file.IsLumaChroma, a, b, c, Line(3), target, _firstColumn, _endColumn);
        }
        else if (_file.IsLumaChroma)
        {
            JpegColor.ToRgb(a, b, c, target, _firstColumn, _endColumn);
        }
        else
        {
            JpegColor.Interleave(a, b, c, target, _firstColumn, _endColumn);
        }

        byte* Line(int index)
        {
            JpegComponent component = _file.Components[index];
            int row = _y / component.ExpandV;
            byte* near = Row(component, samples, Math.Min(row, component.Height - 1));
            byte* far = Row(component, samples, Math.Clamp(row + (_y % 2 == 0 ? -1 : 1), 0, component.Height - 1));
            return JpegUpsampler.Row(component, near, far, _y, lines + index * _lineStride, sums, _firstColumn, _endColumn);
        }
    }

    private static byte* Row(JpegComponent component, byte* samples, int row) =>
        samples + component.SamplesAt + (nint)(row % component.RowsHeld) * component.Stride + JpegComponent.Margin;
}
