using System.Buffers;
using System.Buffers.Binary;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// JPEG of four components (CMYK, or YCCK by Adobe's marker), Huffman-coded, baseline or progressive, to the very inks that libjpeg-turbo
/// gives; inverted, as Pillow does it for every such file. Our own, because Skia gives such files as RGB only.
/// </summary>
internal sealed class CmykJpegReader : PixelReader
{
    private const int MaxScans = 100;

    private static ReadOnlySpan<byte> NaturalOrder =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
        63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
    ];

    private readonly ReadOnlyMemory<byte> _encoded;
    private readonly ushort[]?[] _quantization = new ushort[4][];
    private readonly JpegHuffmanTable?[] _dcTables = new JpegHuffmanTable[4];
    private readonly JpegHuffmanTable?[] _acTables = new JpegHuffmanTable[4];
    private readonly Component[] _components = new Component[4];
    private readonly byte[][] _lines = new byte[4][];
    private int _maxH = 1;
    private int _maxV = 1;
    private int _restartInterval;
    private bool _progressive;
    private bool _ycck;
    private bool _decoded;
    private int _y;

    public CmykJpegReader(ReadOnlyMemory<byte> encoded, ImageHeader header)
        : base(header)
    {
        _encoded = encoded;
        for (int i = 0; i < 4; i++)
        {
            _lines[i] = ArrayPool<byte>.Shared.Rent(header.Width + 8);
        }
    }

    public override void ReadRows(Span<byte> destination, int count)
    {
        if (!_decoded)
        {
            DecodeFile(_encoded.Span);
            _decoded = true;
        }

        int width = Header.Width;
        for (int i = 0; i < count; i++, _y++)
        {
            for (int c = 0; c < 4; c++)
            {
                _components[c].Upsample(_y, _lines[c], width);
            }

            Convert(destination.Slice(4 * width * i, 4 * width));
        }
    }

    public override void Dispose()
    {
        for (int i = 0; i < 4; i++)
        {
            if (Interlocked.Exchange(ref _lines[i]!, null) is { } line)
            {
                ArrayPool<byte>.Shared.Return(line);
            }

            _components[i]?.Dispose();
        }
    }

    private static CorruptImageException Corrupt(string what) => new(ImageFormat.Jpeg, what);

    private void DecodeFile(ReadOnlySpan<byte> file)
    {
        int at = 2;
        int scans = 0;
        bool framed = false;
        while (true)
        {
            int marker = NextMarker(file, ref at);
            if (marker == 0xD9)
            {
                break;
            }

            if (marker is 0x01 or (>= 0xD0 and <= 0xD7))
            {
                continue;
            }

            if (marker is < 0xC0 or 0xD8)
            {
                throw Corrupt($"a marker FF{marker:X2} stands where none may");
            }

            if (file.Length - at < 2)
            {
                throw new TruncatedImageException(ImageFormat.Jpeg, file.Length);
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
            if (length < 2)
            {
                throw Corrupt($"its marker FF{marker:X2} has a length of {length}");
            }

            if (file.Length - at < length)
            {
                throw new TruncatedImageException(ImageFormat.Jpeg, file.Length);
            }

            ReadOnlySpan<byte> data = file.Slice(at + 2, length - 2);
            at += length;
            switch (marker)
            {
                case 0xC0 or 0xC1 or 0xC2:
                    if (framed)
                    {
                        throw Corrupt("it has two frame headers");
                    }

                    framed = true;
                    _progressive = marker == 0xC2;
                    ReadFrame(data);
                    break;
                case 0xC4:
                    ReadHuffmanTables(data);
                    break;
                case >= 0xC3 and <= 0xCF:
                    throw new UnsupportedImageFormatException($"CMYK JPEG of the kind SOF{marker - 0xC0}");
                case 0xDB:
                    ReadQuantizationTables(data);
                    break;
                case 0xDD:
                    if (data.Length != 2)
                    {
                        throw Corrupt("its restart interval is malformed");
                    }

                    _restartInterval = BinaryPrimitives.ReadUInt16BigEndian(data);
                    break;
                case 0xEE:
                    if (data.Length >= 12 && data.StartsWith("Adobe"u8))
                    {
                        _ycck = data[11] != 0;
                    }

                    break;
                case 0xDA:
                    if (!framed)
                    {
                        throw Corrupt("a scan stands before its frame header");
                    }

                    if (++scans > MaxScans)
                    {
                        throw Corrupt($"it has more than {MaxScans} scans");
                    }

                    Scan scan = ReadScan(data);
                    bool single = scans == 1 && !_progressive && scan.Components.Length == 4;
                    if (!single && scans == 1)
                    {
                        foreach (Component component in _components)
                        {
                            component.RentCoefficients();
                        }
                    }

                    at = DecodeScan(file, at, scan, single);
                    if (single)
                    {
                        // As libjpeg does it: what stands behind the only scan is not looked at.
                        return;
                    }

                    break;
            }
        }

        if (scans == 0)
        {
            throw Corrupt("it has no scan");
        }

        foreach (Component component in _components)
        {
            component.TransformAll();
        }
    }

    private static int NextMarker(ReadOnlySpan<byte> file, ref int at)
    {
        while (true)
        {
            while (at < file.Length && file[at] != 0xFF)
            {
                at++;
            }

            while (at < file.Length && file[at] == 0xFF)
            {
                at++;
            }

            if (at >= file.Length)
            {
                throw new TruncatedImageException(ImageFormat.Jpeg, file.Length);
            }

            if (file[at++] is not 0 and byte marker)
            {
                return marker;
            }
        }
    }

    private void ReadFrame(ReadOnlySpan<byte> data)
    {
        if (data.Length != 6 + 3 * 4 || data[0] != 8 || data[5] != 4 ||
            BinaryPrimitives.ReadUInt16BigEndian(data[1..]) != Header.Height ||
            BinaryPrimitives.ReadUInt16BigEndian(data[3..]) != Header.Width)
        {
            throw Corrupt("its frame header is malformed");
        }

        for (int i = 0; i < 4; i++)
        {
            ReadOnlySpan<byte> entry = data.Slice(6 + 3 * i, 3);
            int h = entry[1] >> 4, v = entry[1] & 15;
            if (h is < 1 or > 4 || v is < 1 or > 4 || entry[2] > 3)
            {
                throw Corrupt($"its component {i} has a sampling of {h} × {v} and table {entry[2]}");
            }

            _components[i] = new Component(entry[0], h, v, entry[2]);
            _maxH = Math.Max(_maxH, h);
            _maxV = Math.Max(_maxV, v);
        }

        foreach (Component component in _components)
        {
            component.Lay(Header.Width, Header.Height, _maxH, _maxV);
        }
    }

    private void ReadHuffmanTables(ReadOnlySpan<byte> data)
    {
        while (data.Length >= 17)
        {
            int index = data[0];
            int total = 0;
            for (int i = 1; i <= 16; i++)
            {
                total += data[i];
            }

            if (total > 256 || total > data.Length - 17 || (index & 0xEF) > 3)
            {
                throw Corrupt("a Huffman table is malformed");
            }

            JpegHuffmanTable table = new(data.Slice(1, 16), data.Slice(17, total));
            ((index & 0x10) == 0 ? _dcTables : _acTables)[index & 3] = table;
            data = data[(17 + total)..];
        }

        if (!data.IsEmpty)
        {
            throw Corrupt("a Huffman table is malformed");
        }
    }

    private void ReadQuantizationTables(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            int index = data[0] & 15;
            int size = data[0] >> 4 == 0 ? 1 : 2;
            if (index > 3 || data.Length < 1 + 64 * size)
            {
                throw Corrupt("a quantisation table is malformed");
            }

            ushort[] table = new ushort[64];
            for (int i = 0; i < 64; i++)
            {
                table[NaturalOrder[i]] = size == 1 ? data[1 + i] : BinaryPrimitives.ReadUInt16BigEndian(data[(1 + 2 * i)..]);
            }

            _quantization[index] = table;
            data = data[(1 + 64 * size)..];
        }
    }

    private Scan ReadScan(ReadOnlySpan<byte> data)
    {
        int count = data.IsEmpty ? 0 : data[0];
        if (count is < 1 or > 4 || data.Length != 4 + 2 * count)
        {
            throw Corrupt("a scan header is malformed");
        }

        Component[] components = new Component[count];
        for (int i = 0; i < count; i++)
        {
            int id = data[1 + 2 * i], tables = data[2 + 2 * i];
            components[i] = Array.Find(_components, c => c.Id == id && !components.AsSpan(0, i).Contains(c))
                ?? throw Corrupt($"a scan speaks of component {id}, which there is not");
            components[i].DcTable = tables >> 4;
            components[i].AcTable = tables & 15;
        }

        ReadOnlySpan<byte> tail = data[(1 + 2 * count)..];
        Scan scan = new(components, tail[0], tail[1], tail[2] >> 4, tail[2] & 15);
        if (_progressive)
        {
            bool bad = scan.Start == 0 ? scan.End != 0 : scan.Start > scan.End || scan.End > 63 || count != 1;
            if (bad || (scan.High != 0 && scan.High - 1 != scan.Low) || scan.Low > 13)
            {
                throw Corrupt("a progressive scan's range is wrong");
            }
        }

        int blocks = 0;
        foreach (Component component in components)
        {
            blocks += component.H * component.V;
            bool needsDc = !_progressive || (scan.Start == 0 && scan.High == 0);
            bool needsAc = !_progressive || scan.Start > 0;
            if ((needsDc && (component.DcTable > 3 || _dcTables[component.DcTable] is not { FitsDc: true })) ||
                (needsAc && (component.AcTable > 3 || _acTables[component.AcTable] is null)))
            {
                throw Corrupt("a scan needs a Huffman table that is missing or wrong");
            }

            component.Quantization ??= _quantization[component.QuantizationIndex]
                ?? throw Corrupt("a scan needs a quantisation table that is missing");
        }

        if (count > 1 && blocks > 10)
        {
            throw Corrupt("a scan has too many blocks in a unit");
        }

        return scan;
    }

    private int DecodeScan(ReadOnlySpan<byte> file, int at, Scan scan, bool transform)
    {
        JpegBitReader bits = new(file, at);
        Span<short> scratch = stackalloc short[64];
        bool alone = scan.Components.Length == 1;
        Component only = scan.Components[0];
        int across = alone ? only.BlocksAcross : (Header.Width + 8 * _maxH - 1) / (8 * _maxH);
        int down = alone ? only.BlocksDown : (Header.Height + 8 * _maxV - 1) / (8 * _maxV);
        int untilRestart = _restartInterval;
        int restart = 0;
        int endOfBand = 0;
        foreach (Component component in scan.Components)
        {
            component.LastDc = 0;
        }

        for (int my = 0; my < down; my++)
        {
            for (int mx = 0; mx < across; mx++)
            {
                if (_restartInterval > 0)
                {
                    if (untilRestart == 0)
                    {
                        Resynchronize(file, ref bits, restart);
                        restart = (restart + 1) & 7;
                        untilRestart = _restartInterval;
                        endOfBand = 0;
                        foreach (Component component in scan.Components)
                        {
                            component.LastDc = 0;
                        }
                    }

                    untilRestart--;
                }

                bool skip = bits.Insufficient;
                foreach (Component component in scan.Components)
                {
                    int h = alone ? 1 : component.H, v = alone ? 1 : component.V;
                    for (int by = 0; by < v; by++)
                    {
                        for (int bx = 0; bx < h; bx++)
                        {
                            int x = mx * h + bx, y = my * v + by;
                            Span<short> block = transform ? scratch : component.Block(x, y);
                            if (transform)
                            {
                                block.Clear();
                            }

                            if (!skip)
                            {
                                if (_progressive)
                                {
                                    DecodeProgressive(ref bits, component, block, scan, ref endOfBand);
                                }
                                else
                                {
                                    DecodeSequential(ref bits, component, block);
                                }
                            }

                            if (transform)
                            {
                                component.Transform(block, x, y);
                            }
                        }
                    }
                }
            }
        }

        // The next marker may have been met already.
        return bits.Marker != 0 ? bits.At - 2 : bits.At;
    }

    /// <summary>jpeg_resync_to_restart: finds the restart marker that is due, or decides to go on without it.</summary>
    private static void Resynchronize(ReadOnlySpan<byte> file, ref JpegBitReader bits, int due)
    {
        int at = bits.At;
        int marker = bits.Marker;
        if (marker == 0)
        {
            marker = NextMarker(file, ref at);
        }

        while (marker != 0xD0 + due)
        {
            bool scanOn;
            if (marker < 0xC0)
            {
                scanOn = true;
            }
            else if (marker is < 0xD0 or > 0xD7 || marker == 0xD0 + ((due + 1) & 7) || marker == 0xD0 + ((due + 2) & 7))
            {
                // Stay before it: zeros until the next restart.
                bool insufficient = bits.Insufficient;
                bits.Restart(at);
                bits.Marker = marker;
                bits.Insufficient = insufficient;
                return;
            }
            else
            {
                scanOn = marker == 0xD0 + ((due - 1) & 7) || marker == 0xD0 + ((due - 2) & 7);
            }

            if (!scanOn)
            {
                break;
            }

            marker = NextMarker(file, ref at);
        }

        bits.Restart(at);
    }

    private void DecodeSequential(ref JpegBitReader bits, Component component, scoped Span<short> block)
    {
        JpegHuffmanTable dc = _dcTables[component.DcTable]!, ac = _acTables[component.AcTable]!;
        component.LastDc += bits.ReadSigned(dc.Decode(ref bits));
        block[0] = (short)component.LastDc;
        for (int k = 1; k < 64; k++)
        {
            int symbol = ac.Decode(ref bits);
            int zeros = symbol >> 4, length = symbol & 15;
            if (length != 0)
            {
                k += zeros;
                block[NaturalOrder[k]] = (short)bits.ReadSigned(length);
            }
            else if (zeros == 15)
            {
                k += 15;
            }
            else
            {
                break;
            }
        }
    }

    private void DecodeProgressive(ref JpegBitReader bits, Component component, scoped Span<short> block, Scan scan, ref int endOfBand)
    {
        if (scan.Start == 0)
        {
            if (scan.High == 0)
            {
                component.LastDc += bits.ReadSigned(_dcTables[component.DcTable]!.Decode(ref bits));
                block[0] = (short)(component.LastDc << scan.Low);
            }
            else if (bits.Read(1) != 0)
            {
                block[0] |= (short)(1 << scan.Low);
            }

            return;
        }

        JpegHuffmanTable table = _acTables[component.AcTable]!;
        if (scan.High == 0)
        {
            FirstBand(ref bits, table, block, scan, ref endOfBand);
        }
        else
        {
            RefineBand(ref bits, table, block, scan, ref endOfBand);
        }
    }

    private static void FirstBand(ref JpegBitReader bits, JpegHuffmanTable table, scoped Span<short> block, Scan scan, ref int endOfBand)
    {
        if (endOfBand > 0)
        {
            endOfBand--;
            return;
        }

        for (int k = scan.Start; k <= scan.End; k++)
        {
            int symbol = table.Decode(ref bits);
            int zeros = symbol >> 4, length = symbol & 15;
            if (length != 0)
            {
                k += zeros;
                block[NaturalOrder[k]] = (short)(bits.ReadSigned(length) << scan.Low);
            }
            else if (zeros == 15)
            {
                k += 15;
            }
            else
            {
                endOfBand = (1 << zeros) - 1 + (zeros > 0 ? bits.Read(zeros) : 0);
                break;
            }
        }
    }

    private static void RefineBand(ref JpegBitReader bits, JpegHuffmanTable table, scoped Span<short> block, Scan scan, ref int endOfBand)
    {
        int plus = 1 << scan.Low, minus = -1 << scan.Low;
        int k = scan.Start;
        if (endOfBand == 0)
        {
            for (; k <= scan.End; k++)
            {
                int symbol = table.Decode(ref bits);
                int zeros = symbol >> 4, value = 0;
                if ((symbol & 15) != 0)
                {
                    value = bits.Read(1) != 0 ? plus : minus;
                }
                else if (zeros != 15)
                {
                    endOfBand = (1 << zeros) + (zeros > 0 ? bits.Read(zeros) : 0);
                    break;
                }

                do
                {
                    ref short coefficient = ref block[NaturalOrder[k]];
                    if (coefficient != 0)
                    {
                        Refine(ref bits, ref coefficient, plus, minus);
                    }
                    else if (--zeros < 0)
                    {
                        break;
                    }

                    k++;
                }
                while (k <= scan.End);

                if (value != 0)
                {
                    block[NaturalOrder[k]] = (short)value;
                }
            }
        }

        if (endOfBand > 0)
        {
            for (; k <= scan.End; k++)
            {
                ref short coefficient = ref block[NaturalOrder[k]];
                if (coefficient != 0)
                {
                    Refine(ref bits, ref coefficient, plus, minus);
                }
            }

            endOfBand--;
        }

        static void Refine(ref JpegBitReader bits, ref short coefficient, int plus, int minus)
        {
            if (bits.Read(1) != 0 && (coefficient & plus) == 0)
            {
                coefficient = (short)(coefficient + (coefficient >= 0 ? plus : minus));
            }
        }
    }

    private void Convert(Span<byte> target)
    {
        ReadOnlySpan<byte> a = _lines[0], b = _lines[1], c = _lines[2], k = _lines[3];
        for (int x = 0, t = 0; t < target.Length; x++, t += 4)
        {
            if (_ycck)
            {
                // libjpeg's YCC to RGB in 16-bit fixed point; the inks are 255 less that, and Pillow's inversion takes that back.
                int y = a[x], cb = b[x] - 128, cr = c[x] - 128;
                target[t] = (byte)Math.Clamp(y + ((91881 * cr + 32768) >> 16), 0, 255);
                target[t + 1] = (byte)Math.Clamp(y + ((-22554 * cb - 46802 * cr + 32768) >> 16), 0, 255);
                target[t + 2] = (byte)Math.Clamp(y + ((116130 * cb + 32768) >> 16), 0, 255);
            }
            else
            {
                target[t] = (byte)(255 - a[x]);
                target[t + 1] = (byte)(255 - b[x]);
                target[t + 2] = (byte)(255 - c[x]);
            }

            target[t + 3] = (byte)(255 - k[x]);
        }
    }

    private readonly record struct Scan(Component[] Components, int Start, int End, int High, int Low);

    private sealed class Component(int id, int h, int v, int quantizationIndex) : IDisposable
    {
        private byte[]? _samples;
        private short[]? _coefficients;
        private int _storedAcross;
        private int _storedDown;
        private int _width;
        private int _height;
        private int _expandH;
        private int _expandV;

        public int Id { get; } = id;

        public int H { get; } = h;

        public int V { get; } = v;

        public int QuantizationIndex { get; } = quantizationIndex;

        public ushort[]? Quantization { get; set; }

        public int DcTable { get; set; }

        public int AcTable { get; set; }

        public int LastDc { get; set; }

        public int BlocksAcross { get; private set; }

        public int BlocksDown { get; private set; }

        private int Stride => 8 * _storedAcross;

        public void Lay(int width, int height, int maxH, int maxV)
        {
            if (maxH % H != 0 || maxV % V != 0)
            {
                throw new UnsupportedImageFormatException($"CMYK JPEG with a sampling of {H} × {V} in {maxH} × {maxV}");
            }

            _expandH = maxH / H;
            _expandV = maxV / V;
            _width = (width * H + maxH - 1) / maxH;
            _height = (height * V + maxV - 1) / maxV;
            BlocksAcross = (_width + 7) / 8;
            BlocksDown = (_height + 7) / 8;
            _storedAcross = (width + 8 * maxH - 1) / (8 * maxH) * H;
            _storedDown = (height + 8 * maxV - 1) / (8 * maxV) * V;
            _samples = ArrayPool<byte>.Shared.Rent(checked(64 * _storedAcross * _storedDown));
        }

        public void RentCoefficients()
        {
            int count = checked(64 * _storedAcross * _storedDown);
            _coefficients = ArrayPool<short>.Shared.Rent(count);
            _coefficients.AsSpan(0, count).Clear();
        }

        public Span<short> Block(int x, int y) => _coefficients.AsSpan(64 * (y * _storedAcross + x), 64);

        public void Transform(ReadOnlySpan<short> block, int x, int y) =>
            JpegIdct.Transform(block, Quantization, _samples.AsSpan(8 * (y * Stride + x)), Stride);

        public void TransformAll()
        {
            // A component that no scan speaks of has no table and stays zero.
            Quantization ??= new ushort[64];
            for (int y = 0; y < _storedDown; y++)
            {
                for (int x = 0; x < _storedAcross; x++)
                {
                    Transform(Block(x, y), x, y);
                }
            }
        }

        /// <summary>One row at full resolution: libjpeg-turbo's "fancy" upsampling where it has one, else plain repetition (jdsample.c).</summary>
        public void Upsample(int y, Span<byte> target, int width)
        {
            ReadOnlySpan<byte> near = Row(y / _expandV);
            int other = y / _expandV + (y % 2 == 0 ? -1 : 1);
            switch (_expandH, _expandV)
            {
                case (1, 1):
                    near[..width].CopyTo(target);
                    break;
                case (1, 2):
                    ReadOnlySpan<byte> far = Row(other);
                    int bias = y % 2 == 0 ? 1 : 2;
                    for (int x = 0; x < width; x++)
                    {
                        target[x] = (byte)((3 * near[x] + far[x] + bias) >> 2);
                    }

                    break;
                case (2, 1) when _width > 2:
                    for (int x = 0; x < width; x++)
                    {
                        int i = x >> 1;
                        int beside = Math.Clamp(i + (x % 2 == 0 ? -1 : 1), 0, _width - 1);
                        target[x] = beside == i ? near[i] : (byte)((3 * near[i] + near[beside] + (x % 2 == 0 ? 1 : 2)) >> 2);
                    }

                    break;
                case (2, 2) when _width > 2:
                    ReadOnlySpan<byte> row = Row(other);
                    for (int x = 0; x < width; x++)
                    {
                        int i = x >> 1;
                        int beside = Math.Clamp(i + (x % 2 == 0 ? -1 : 1), 0, _width - 1);
                        int sum = 3 * near[i] + row[i];
                        target[x] = (byte)((3 * sum + 3 * near[beside] + row[beside] + (x % 2 == 0 ? 8 : 7)) >> 4);
                    }

                    break;
                default:
                    for (int x = 0; x < width; x++)
                    {
                        target[x] = near[x / _expandH];
                    }

                    break;
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _samples, null) is { } samples)
            {
                ArrayPool<byte>.Shared.Return(samples);
            }

            if (Interlocked.Exchange(ref _coefficients, null) is { } coefficients)
            {
                ArrayPool<short>.Shared.Return(coefficients);
            }
        }

        private ReadOnlySpan<byte> Row(int y) => _samples.AsSpan(Math.Clamp(y, 0, _height - 1) * Stride, Stride);
    }
}
