using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// PNG to Pillow's samples. Our own, because Skia hides palettes and converts 16-bit samples; damage is told as Pillow's PngImagePlugin
/// and ZipDecode.c tell it: checksums count before the first IDAT, not in it; zlib's own count everywhere.
/// </summary>
internal sealed class PngReader : PixelReader
{
    private static readonly int[] PassX = [0, 4, 0, 2, 0, 1, 0];
    private static readonly int[] PassY = [0, 0, 4, 0, 2, 0, 1];
    private static readonly int[] PassStepX = [8, 8, 4, 4, 2, 2, 1];
    private static readonly int[] PassStepY = [8, 8, 8, 4, 4, 2, 2];
    private static readonly uint[] CrcTable = MakeCrcTable();

    private readonly Info _info;
    private readonly IdatStream _idat;
    private readonly ZLibStream _zlib;
    private byte[] _current;
    private byte[] _previous;
    private byte[]? _whole;
    private byte[]? _chunk;
    private int _chunkStart;
    private int _chunkEnd;
    private long _left;
    private int _y;
    private bool _ended;

    private PngReader(ReadOnlyMemory<byte> encoded, ImageHeader header, Info info)
        : base(header)
    {
        _info = info;
        Palette = info.Palette;
        _idat = new IdatStream(encoded, info.IdatStart, info.IdatLength);
        _zlib = new ZLibStream(_idat, CompressionMode.Decompress);
        int rowBytes = info.RowBytes(info.Width);
        _current = ArrayPool<byte>.Shared.Rent(rowBytes + 1 + PngFilter.Slack);
        _previous = ArrayPool<byte>.Shared.Rent(rowBytes + 1 + PngFilter.Slack);
        _left = info.Interlaced ? InterlacedBytes() : (long)(rowBytes + 1) * info.Height;
        _previous.AsSpan(0, rowBytes + 1).Clear();
    }

    private bool Plain => !_info.Interlaced && _info.Width == Header.Width && _info.Height == Header.Height;

    public static PngReader Open(ReadOnlyMemory<byte> encoded, ImageLimits limits)
    {
        Info info = ReadInfo(encoded.Span, limits, out ImageHeader header);
        return new PngReader(encoded, header, info);
    }

    public override void ReadRows(Span<byte> destination, int count)
    {
        int stride = Header.Width * Header.Mode.BytesPerPixel();
        if (!Plain)
        {
            if (_whole is null)
            {
                _whole = ArrayPool<byte>.Shared.Rent(checked(stride * Header.Height));
                _whole.AsSpan(0, stride * Header.Height).Clear();
                ReadWhole();
            }

            _whole.AsSpan(_y * stride, count * stride).CopyTo(destination);
            _y += count;
            return;
        }

        for (int i = 0; i < count; i++, _y++)
        {
            Span<byte> row = destination.Slice(i * stride, stride);
            if (!NextRow(_info.RowBytes(_info.Width)))
            {
                row.Clear();
                continue;
            }

            Unpack(_current.AsSpan(1), row, _info.Width);
            (_current, _previous) = (_previous, _current);
        }
    }

    public override void Finish()
    {
        // PngImageFile.load_end: chunks behind the pixels must be whole, their checksums do not count.
        ReadOnlySpan<byte> file = _idat.File;
        long at = _idat.ChunkEnd;
        while (true)
        {
            at += 4;
            if (at + 8 > file.Length || !IsChunkName(file.Slice((int)at + 4, 4)))
            {
                return;
            }

            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[(int)at..]);
            ReadOnlySpan<byte> name = file.Slice((int)at + 4, 4);
            if (name.SequenceEqual("IEND"u8) || (name.SequenceEqual("fcTL"u8) && Header.FrameCount > 1))
            {
                return;
            }

            at += 8;
            if (at + length > file.Length)
            {
                throw new TruncatedImageException(ImageFormat.Png, file.Length);
            }

            at += length;
        }
    }

    public override void Dispose()
    {
        _zlib.Dispose();
        _idat.Dispose();
        Return(ref _current!);
        Return(ref _previous!);
        Return(ref _whole);
        Return(ref _chunk);

        static void Return(ref byte[]? array)
        {
            if (Interlocked.Exchange(ref array, null) is { } rented)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private static Info ReadInfo(ReadOnlySpan<byte> file, ImageLimits limits, out ImageHeader header)
    {
        Info info = new();
        bool animated = false;
        bool defaultImage = true;
        long frames = 1;
        long sequence = -1;
        int orientation = 1;
        int at = 8;
        while (true)
        {
            if (file.Length - at < 8)
            {
                throw new TruncatedImageException(ImageFormat.Png, file.Length);
            }

            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            ReadOnlySpan<byte> name = file.Slice(at + 4, 4);
            if (!IsChunkName(name))
            {
                throw Corrupt($"a chunk name is not four letters at byte {at + 4}");
            }

            if (name.SequenceEqual("IDAT"u8) || name.SequenceEqual("IEND"u8) || name.SequenceEqual("fdAT"u8))
            {
                if (!name.SequenceEqual("IDAT"u8))
                {
                    throw Corrupt("it has no pixels before its end");
                }

                info.IdatStart = at + 8;
                info.IdatLength = length;
                break;
            }

            if (length > file.Length - at - 8)
            {
                throw new TruncatedImageException(ImageFormat.Png, file.Length);
            }

            ReadOnlySpan<byte> data = file.Slice(at + 8, (int)length);
            if (file.Length - at - 12 < (int)length)
            {
                throw new TruncatedImageException(ImageFormat.Png, file.Length);
            }

            if (Crc(file.Slice(at + 4, 4 + (int)length)) != BinaryPrimitives.ReadUInt32BigEndian(file[(at + 8 + (int)length)..]))
            {
                throw Corrupt($"the checksum of its {System.Text.Encoding.ASCII.GetString(name)} chunk is wrong");
            }

            switch (System.Text.Encoding.ASCII.GetString(name))
            {
                case "IHDR":
                    Need(data, 13, "IHDR");
                    info.FullWidth = BinaryPrimitives.ReadUInt32BigEndian(data);
                    info.FullHeight = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
                    ImageDecoder.CheckSize(info.FullWidth, info.FullHeight, limits);
                    info.SetKind(data[8], data[9]);
                    info.Interlaced |= data[12] != 0;
                    if (data[11] != 0)
                    {
                        throw Corrupt($"its filter method is {data[11]}");
                    }

                    break;
                case "PLTE":
                    if (info.Mode == PixelMode.Palette)
                    {
                        if (data.Length / 3 > 256)
                        {
                            throw Corrupt($"its palette has {data.Length / 3} colours");
                        }

                        info.Palette = ImagePalette.Create(data[..(data.Length / 3 * 3)]);
                    }

                    break;
                case "tRNS":
                    if (info.Mode is PixelMode.Gray or PixelMode.Bilevel or PixelMode.Gray16)
                    {
                        Need(data, 2, "tRNS");
                    }
                    else if (info.Mode == PixelMode.Rgb)
                    {
                        Need(data, 6, "tRNS");
                    }

                    break;
                case "gAMA":
                    Need(data, 4, "gAMA");
                    break;
                case "sRGB":
                    Need(data, 1, "sRGB");
                    break;
                case "pHYs":
                    Need(data, 9, "pHYs");
                    break;
                case "eXIf":
                    orientation = ImageOrientation.Parse(data.StartsWith("Exif\0\0"u8) ? data[6..] : data);
                    break;
                case "acTL":
                    Need(data, 8, "acTL");
                    uint count = BinaryPrimitives.ReadUInt32BigEndian(data);
                    animated = !animated && count is not 0 and <= 0x80000000;
                    frames = animated ? count : 1;
                    break;
                case "fcTL":
                    Need(data, 26, "fcTL");
                    uint number = BinaryPrimitives.ReadUInt32BigEndian(data);
                    if (number != (uint)(sequence + 1))
                    {
                        throw Corrupt("its animation frames are out of sequence");
                    }

                    sequence = number;
                    uint width = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
                    uint height = BinaryPrimitives.ReadUInt32BigEndian(data[8..]);
                    uint x = BinaryPrimitives.ReadUInt32BigEndian(data[12..]);
                    uint y = BinaryPrimitives.ReadUInt32BigEndian(data[16..]);
                    if ((ulong)x + width > info.FullWidth || (ulong)y + height > info.FullHeight || width == 0 || height == 0)
                    {
                        throw Corrupt("an animation frame leaves the picture");
                    }

                    defaultImage = false;
                    info.Frame = (x, y, width, height);
                    break;
            }

            at += 12 + (int)length;
        }

        if (info.Mode is not { } mode)
        {
            throw info.FullWidth == 0 ? Corrupt("it has no header") : Corrupt("its colour type does not go with its bit depth");
        }

        if (info.FullWidth == 0 || info.FullHeight == 0)
        {
            throw Corrupt($"its size is {info.FullWidth} × {info.FullHeight} pixels");
        }

        ImageDecoder.CheckSize(info.FullWidth, info.FullHeight, limits);
        if (8L * info.FullWidth > int.MaxValue - 64)
        {
            throw new TooManyPixelsException(int.MaxValue / 8, info.FullWidth);
        }

        frames += animated && defaultImage ? 1 : 0;
        header = new ImageHeader(ImageFormat.Png, (int)info.FullWidth, (int)info.FullHeight, mode, (int)Math.Min(frames, int.MaxValue), orientation);
        ImageDecoder.Check(header, limits);
        if (info.Frame is { Width: > 0 } frame)
        {
            // Again, since a second header may have come behind it.
            if ((ulong)frame.X + frame.Width > info.FullWidth || (ulong)frame.Y + frame.Height > info.FullHeight)
            {
                throw Corrupt("an animation frame leaves the picture");
            }

            (info.X, info.Y, info.Width, info.Height) = ((int)frame.X, (int)frame.Y, (int)frame.Width, (int)frame.Height);
        }
        else
        {
            (info.Width, info.Height) = (header.Width, header.Height);
        }

        if (mode == PixelMode.Palette)
        {
            info.Palette ??= ImagePalette.Create(default);
        }

        return info;

        static void Need(ReadOnlySpan<byte> data, int length, string name)
        {
            if (data.Length < length)
            {
                throw Corrupt($"its {name} chunk has {data.Length} bytes and needs {length}");
            }
        }
    }

    private static CorruptImageException Corrupt(string what, Exception? inner = null) => new(ImageFormat.Png, what, inner);

    private static bool IsChunkName(ReadOnlySpan<byte> name)
    {
        foreach (byte b in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b != '_')
            {
                return false;
            }
        }

        return true;
    }

    private static uint[] MakeCrcTable()
    {
        uint[] table = new uint[256];
        for (uint n = 0; n < 256; n++)
        {
            uint c = n;
            for (int k = 0; k < 8; k++)
            {
                c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
            }

            table[n] = c;
        }

        return table;
    }

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in data)
        {
            crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private long InterlacedBytes()
    {
        long bytes = 0;
        for (int pass = 0; pass < 7; pass++)
        {
            (int width, int height) = PassSize(pass);
            bytes += width == 0 ? 0 : (long)(_info.RowBytes(width) + 1) * height;
        }

        return bytes;
    }

    private (int Width, int Height) PassSize(int pass) => (
        (_info.Width - PassX[pass] + PassStepX[pass] - 1) / PassStepX[pass],
        (_info.Height - PassY[pass] + PassStepY[pass] - 1) / PassStepY[pass]);

    private void ReadWhole()
    {
        int pixel = Header.Mode.BytesPerPixel();
        int stride = Header.Width * pixel;
        if (!_info.Interlaced)
        {
            for (int y = 0; y < _info.Height && NextRow(_info.RowBytes(_info.Width)); y++)
            {
                Watch?.Check();
                Unpack(_current.AsSpan(1), _whole.AsSpan((y + _info.Y) * stride + _info.X * pixel, _info.Width * pixel), _info.Width);
                (_current, _previous) = (_previous, _current);
            }

            return;
        }

        byte[] line = ArrayPool<byte>.Shared.Rent(_info.Width * pixel);
        try
        {
            for (int pass = 0; pass < 7; pass++)
            {
                (int width, int height) = PassSize(pass);
                if (width <= 0)
                {
                    continue;
                }

                int rowBytes = _info.RowBytes(width);
                _previous.AsSpan(0, rowBytes + 1).Clear();
                for (int y = 0; y < height; y++)
                {
                    Watch?.Check();
                    if (!NextRow(rowBytes))
                    {
                        return;
                    }

                    Unpack(_current.AsSpan(1), line.AsSpan(0, width * pixel), width);
                    Span<byte> row = _whole.AsSpan((PassY[pass] + y * PassStepY[pass]) * stride, stride);
                    int step = PassStepX[pass] * pixel;
                    for (int i = 0, o = PassX[pass] * pixel; i < width * pixel; i += pixel, o += step)
                    {
                        line.AsSpan(i, pixel).CopyTo(row[o..]);
                    }

                    (_current, _previous) = (_previous, _current);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(line);
        }
    }

    /// <summary>Inflates and unfilters the next row into the current buffer; false where the zlib stream ended, rightly, between two rows.</summary>
    private bool NextRow(int rowBytes)
    {
        if (_ended)
        {
            return false;
        }

        int got = Inflate(_current.AsSpan(0, rowBytes + 1));
        if (got < rowBytes + 1)
        {
            // Pillow takes what there is where the compressed data ends properly after a whole row.
            if (got == 0 && !_idat.Exhausted && _left < TotalBytes)
            {
                _ended = true;
                return false;
            }

            throw new TruncatedImageException(ImageFormat.Png, _idat.File.Length);
        }

        PngFilter.Reverse(_current.AsSpan(0, rowBytes + 1), _previous.AsSpan(0, rowBytes + 1), _info.FilterBytes);
        return true;
    }

    private long TotalBytes => _info.Interlaced ? InterlacedBytes() : (long)(_info.RowBytes(_info.Width) + 1) * _info.Height;

    private int Inflate(Span<byte> target)
    {
        const int ChunkBytes = 32 * 1024;
        int got = 0;
        try
        {
            while (got < target.Length)
            {
                if (_chunkStart < _chunkEnd)
                {
                    int take = Math.Min(_chunkEnd - _chunkStart, target.Length - got);
                    _chunk.AsSpan(_chunkStart, take).CopyTo(target[got..]);
                    _chunkStart += take;
                    got += take;
                    continue;
                }

                // Never more than the picture needs: what stands behind it is not looked at.
                int read;
                if (target.Length - got >= ChunkBytes)
                {
                    read = _zlib.Read(target.Slice(got, (int)Math.Min(target.Length - got, _left)));
                    got += read;
                }
                else
                {
                    _chunk ??= ArrayPool<byte>.Shared.Rent(ChunkBytes);
                    read = _zlib.Read(_chunk, 0, (int)Math.Min(ChunkBytes, _left));
                    _chunkStart = 0;
                    _chunkEnd = read;
                }

                if (read == 0)
                {
                    break;
                }

                _left -= read;
            }
        }
        catch (InvalidDataException e)
        {
            throw Corrupt("its compressed data is broken", e);
        }

        return got;
    }

    private void Unpack(ReadOnlySpan<byte> source, Span<byte> target, int width)
    {
        switch (_info.ColorType, _info.BitDepth)
        {
            case (0 or 3, 1 or 2 or 4):
                int bits = _info.BitDepth;
                int mask = (1 << bits) - 1;
                int scale = _info.ColorType == 3 ? 1 : 255 / mask;
                for (int x = 0, bit = 0; x < width; x++, bit += bits)
                {
                    target[x] = (byte)(((source[bit >> 3] >> (8 - bits - (bit & 7))) & mask) * scale);
                }

                break;
            case (0 or 3, 8):
                source[..width].CopyTo(target);
                break;
            case (0, 16):
                for (int x = 0; x < 2 * width; x += 2)
                {
                    target[x] = source[x + 1];
                    target[x + 1] = source[x];
                }

                break;
            case (2, 8):
                PixelArithmetic.RgbToRgbx(source[..(3 * width)], target);

                break;
            case (2, 16):
                for (int s = 0, t = 0; s < 6 * width; s += 6, t += 4)
                {
                    target[t] = source[s];
                    target[t + 1] = source[s + 2];
                    target[t + 2] = source[s + 4];
                    target[t + 3] = 255;
                }

                break;
            case (4, _):
                int step = _info.BitDepth / 8;
                for (int s = 0, t = 0; t < 4 * width; s += 2 * step, t += 4)
                {
                    target.Slice(t, 3).Fill(source[s]);
                    target[t + 3] = source[s + step];
                }

                break;
            case (6, 8):
                source[..(4 * width)].CopyTo(target);
                break;
            default:
                for (int s = 0, t = 0; t < 4 * width; s += 2, t++)
                {
                    target[t] = source[s];
                }

                break;
        }
    }

    private sealed class Info
    {
        public uint FullWidth { get; set; }

        public uint FullHeight { get; set; }

        public int X { get; set; }

        public int Y { get; set; }

        public int Width { get; set; }

        public int Height { get; set; }

        public (uint X, uint Y, uint Width, uint Height) Frame { get; set; }

        public int BitDepth { get; private set; }

        public int ColorType { get; private set; }

        public PixelMode? Mode { get; private set; }

        public bool Interlaced { get; set; }

        public byte[]? Palette { get; set; }

        public int IdatStart { get; set; }

        public long IdatLength { get; set; }

        public int FilterBytes => Math.Max(BitDepth * Channels / 8, 1);

        private int Channels => ColorType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

        public void SetKind(int bitDepth, int colorType)
        {
            PixelMode? mode = (bitDepth, colorType) switch
            {
                (1, 0) => PixelMode.Bilevel,
                (2 or 4 or 8, 0) => PixelMode.Gray,
                (16, 0) => PixelMode.Gray16,
                (8 or 16, 2) => PixelMode.Rgb,
                (1 or 2 or 4 or 8, 3) => PixelMode.Palette,
                (8, 4) => PixelMode.GrayAlpha,
                (16, 4) or (8 or 16, 6) => PixelMode.Rgba,
                _ => null,
            };
            if (mode is not null)
            {
                (Mode, BitDepth, ColorType) = (mode, bitDepth, colorType);
            }
        }

        public int RowBytes(int width) => (int)(((long)width * BitDepth * Channels + 7) / 8);
    }

    /// <summary>The bytes of consecutive IDAT chunks.</summary>
    private sealed class IdatStream(ReadOnlyMemory<byte> file, long start, long length) : Stream
    {
        private long _at = start;
        private long _left = length;

        public ReadOnlySpan<byte> File => file.Span;

        /// <summary>Whether more was asked for than there is.</summary>
        public bool Exhausted { get; private set; }

        /// <summary>Where the chunk in hand ends, its checksum not counted.</summary>
        public long ChunkEnd => Math.Min(_at + _left, file.Length);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            ReadOnlySpan<byte> bytes = file.Span;
            while (_left == 0)
            {
                long next = _at + 4;
                if (next + 8 > bytes.Length)
                {
                    Exhausted = true;
                    return 0;
                }

                ReadOnlySpan<byte> chunk = bytes.Slice((int)next, 8);
                if (!IsChunkName(chunk[4..]))
                {
                    throw Corrupt("a chunk name amid its pixels is not four letters");
                }

                if (!chunk[4..].SequenceEqual("IDAT"u8))
                {
                    Exhausted = true;
                    return 0;
                }

                _at = next + 8;
                _left = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            }

            int count = (int)Math.Min(Math.Min(_left, buffer.Length), bytes.Length - _at);
            if (count <= 0)
            {
                Exhausted = true;
                return 0;
            }

            bytes.Slice((int)_at, count).CopyTo(buffer);
            _at += count;
            _left -= count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
