using System.Buffers.Binary;

namespace ClipFunctions.Clip.Imaging;

/// <summary>The markers of a Huffman-coded JPEG, baseline or progressive, read one after the other as libjpeg reads them (jdmarker.c).</summary>
internal sealed class JpegFile : IDisposable
{
    private readonly ReadOnlyMemory<byte> _encoded;
    private readonly ImageHeader _header;
    private readonly ushort[]?[] _quantization = new ushort[4][];
    private readonly JpegHuffmanTable?[] _dcTables = new JpegHuffmanTable[4];
    private readonly JpegHuffmanTable?[] _acTables = new JpegHuffmanTable[4];
    private int _scans;
    private bool _jfif;
    private int _adobe = -1;

    public JpegFile(ReadOnlyMemory<byte> encoded, ImageHeader header)
    {
        _encoded = encoded;
        _header = header;
        Components = new JpegComponent[header.Mode switch { PixelMode.Gray => 1, PixelMode.Rgb => 3, _ => 4 }];
    }

    /// <summary>The components; null before the frame header.</summary>
    public JpegComponent[] Components { get; }

    /// <summary>Largest horizontal sampling.</summary>
    public int MaxH { get; private set; } = 1;

    /// <summary>Largest vertical sampling.</summary>
    public int MaxV { get; private set; } = 1;

    /// <summary>Whether the frame is a progressive one.</summary>
    public bool Progressive { get; private set; }

    /// <summary>Whether a progressive file lacks bits of the coefficients by which libjpeg decides whether it smooths the blocks (smoothing_ok of jdcoefct.c).</summary>
    public bool IsIncomplete => Progressive && Components.Any(c => c.KnownBits is null || c.KnownBits.AsSpan(1, 9).ContainsAnyExcept((sbyte)0));

    /// <summary>Units from one restart marker to the next; 0 for none.</summary>
    public int RestartInterval { get; private set; }

    /// <summary>Where the next marker, or the scan's data, begins.</summary>
    public int At { get; set; } = 2;

    /// <summary>Whether the first three components are luma and chroma, by libjpeg's rules (default_decompress_parms of jdapimin.c).</summary>
    public bool IsLumaChroma => Components.Length switch
    {
        3 when _jfif => true,
        3 when _adobe >= 0 => _adobe != 0,
        3 => !(Components[0].Id == 'R' && Components[1].Id == 'G' && Components[2].Id == 'B'),
        4 => _adobe > 0,
        _ => false,
    };

    /// <summary>The table of a component's first coefficients; of a scan that has none it may be missing.</summary>
    public JpegHuffmanTable? DcTable(JpegComponent component) => _dcTables[component.DcTable & 3];

    /// <summary>The table of a component's other coefficients; of a scan that has none it may be missing.</summary>
    public JpegHuffmanTable? AcTable(JpegComponent component) => _acTables[component.AcTable & 3];

    /// <summary>Reads on to the next scan's data.</summary>
    /// <returns>The scan, or null at the file's end.</returns>
    public JpegScan? NextScan()
    {
        ReadOnlySpan<byte> file = _encoded.Span;
        while (true)
        {
            int at = At;
            int marker = JpegMarkers.Next(file, ref at);
            At = at;
            if (marker == 0xD9)
            {
                return _scans > 0 ? null : throw Corrupt("it has no scan");
            }

            if (marker is 0x01 or (>= 0xD0 and <= 0xD7))
            {
                continue;
            }

            if (marker is < 0xC0 or 0xC8 or 0xD8 or 0xDE or 0xDF or (>= 0xF0 and <= 0xFD))
            {
                throw Corrupt($"a marker FF{marker:X2} stands where none may");
            }

            ReadOnlySpan<byte> data = JpegMarkers.Segment(file, marker, ref at);
            At = at;
            if (marker == 0xDA)
            {
                return ReadScan(data);
            }

            ReadSegment(marker, data);
        }
    }

    public void Dispose()
    {
        for (int i = 0; i < 4; i++)
        {
            _dcTables[i]?.Dispose();
            _acTables[i]?.Dispose();
        }
    }

    private static CorruptImageException Corrupt(string what) => new(ImageFormat.Jpeg, what);

    private void ReadSegment(int marker, ReadOnlySpan<byte> data)
    {
        switch (marker)
        {
            case 0xC0 or 0xC1 or 0xC2:
                if (Components[0] is not null)
                {
                    throw Corrupt("it has two frame headers");
                }

                Progressive = marker == 0xC2;
                ReadFrame(data);
                break;
            case 0xC4:
                ReadHuffmanTables(data, replace: true);
                break;
            case >= 0xC3 and <= 0xCF and not 0xCC:
                throw new UnsupportedImageFormatException($"JPEG of the kind SOF{marker - 0xC0}");
            case 0xDB:
                ReadQuantizationTables(data);
                break;
            case 0xDD:
                if (data.Length != 2)
                {
                    throw Corrupt("its restart interval is malformed");
                }

                RestartInterval = BinaryPrimitives.ReadUInt16BigEndian(data);
                break;
            case 0xE0:
                _jfif |= data.Length >= 14 && data.StartsWith("JFIF\0"u8);
                break;
            case 0xEE:
                if (data.Length >= 12 && data.StartsWith("Adobe"u8))
                {
                    _adobe = data[11];
                }

                break;
        }
    }

    private void ReadFrame(ReadOnlySpan<byte> data)
    {
        int count = Components.Length;
        if (data.Length != 6 + 3 * count || data[0] != 8 || data[5] != count ||
            BinaryPrimitives.ReadUInt16BigEndian(data[1..]) != _header.Height ||
            BinaryPrimitives.ReadUInt16BigEndian(data[3..]) != _header.Width)
        {
            throw Corrupt("its frame header is malformed");
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = data.Slice(6 + 3 * i, 3);
            int h = entry[1] >> 4, v = entry[1] & 15;
            if (h is < 1 or > 4 || v is < 1 or > 4 || entry[2] > 3)
            {
                throw Corrupt($"its component {i} has a sampling of {h} × {v} and table {entry[2]}");
            }

            // A single component has nothing to be sampled against.
            Components[i] = count == 1 ? new JpegComponent(entry[0], 1, 1, entry[2]) : new JpegComponent(entry[0], h, v, entry[2]);
            MaxH = Math.Max(MaxH, Components[i].H);
            MaxV = Math.Max(MaxV, Components[i].V);
        }

        foreach (JpegComponent component in Components)
        {
            if (!JpegComponent.Fits(component.H, component.V, MaxH, MaxV))
            {
                throw new UnsupportedImageFormatException($"JPEG with a sampling of {component.H} × {component.V} in {MaxH} × {MaxV}");
            }
        }
    }

    private void ReadHuffmanTables(ReadOnlySpan<byte> data, bool replace)
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

            JpegHuffmanTable?[] tables = (index & 0x10) == 0 ? _dcTables : _acTables;
            if (replace || tables[index & 3] is null)
            {
                tables[index & 3]?.Dispose();
                tables[index & 3] = new JpegHuffmanTable(data.Slice(1, 16), data.Slice(17, total));
            }

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
                table[JpegScanReader.NaturalOrder[i]] = size == 1 ? data[1 + i] : BinaryPrimitives.ReadUInt16BigEndian(data[(1 + 2 * i)..]);
            }

            _quantization[index] = table;
            data = data[(1 + 64 * size)..];
        }
    }

    private JpegScan ReadScan(ReadOnlySpan<byte> data)
    {
        if (Components[0] is null)
        {
            throw Corrupt("a scan stands before its frame header");
        }

        if (++_scans == 1 && !Progressive)
        {
            ReadHuffmanTables(JpegStandardTables.Segment, replace: false);
        }

        int count = data.IsEmpty ? 0 : data[0];
        if (count is < 1 or > 4 || data.Length != 4 + 2 * count)
        {
            throw Corrupt("a scan header is malformed");
        }

        JpegComponent[] components = new JpegComponent[count];
        for (int i = 0; i < count; i++)
        {
            int id = data[1 + 2 * i], tables = data[2 + 2 * i];
            components[i] = Array.Find(Components, c => c.Id == id && !components.AsSpan(0, i).Contains(c))
                ?? throw Corrupt($"a scan speaks of component {id}, which there is not");
            components[i].DcTable = tables >> 4;
            components[i].AcTable = tables & 15;
        }

        ReadOnlySpan<byte> tail = data[(1 + 2 * count)..];
        JpegScan scan = new(components, tail[0], tail[1], tail[2] >> 4, tail[2] & 15);
        if (Progressive)
        {
            bool bad = scan.Start == 0 ? scan.End != 0 : scan.Start > scan.End || scan.End > 63 || count != 1;
            if (bad || (scan.High != 0 && scan.High - 1 != scan.Low) || scan.Low > 13)
            {
                throw Corrupt("a progressive scan's range is wrong");
            }
        }

        int blocks = 0;
        foreach (JpegComponent component in components)
        {
            blocks += component.H * component.V;
            bool needsDc = !Progressive || (scan.Start == 0 && scan.High == 0);
            bool needsAc = !Progressive || scan.Start > 0;
            if ((needsDc && (component.DcTable > 3 || _dcTables[component.DcTable] is not { FitsDc: true })) ||
                (needsAc && (component.AcTable > 3 || _acTables[component.AcTable] is null)))
            {
                throw Corrupt("a scan needs a Huffman table that is missing or wrong");
            }

            component.Quantization ??= _quantization[component.QuantizationIndex]
                ?? throw Corrupt("a scan needs a quantisation table that is missing");
            if (Progressive)
            {
                Note(component, scan);
            }
        }

        if (count > 1 && blocks > 10)
        {
            throw Corrupt("a scan has too many blocks in a unit");
        }

        return scan;
    }

    private static void Note(JpegComponent component, JpegScan scan)
    {
        if (component.KnownBits is null)
        {
            component.KnownBits = new sbyte[64];
            component.KnownBits.AsSpan().Fill(-1);
        }

        component.KnownBits.AsSpan(scan.Start, scan.End - scan.Start + 1).Fill((sbyte)scan.Low);
    }
}
