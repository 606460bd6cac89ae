using System.Buffers;
using System.Buffers.Binary;

namespace ClipFunctions.Clip.Imaging;

/// <summary>The first frame of a GIF as Pillow's GifImagePlugin and GifDecode.c give it: palette indices on the logical screen.</summary>
internal sealed class GifReader : PixelReader
{
    private const int TableSize = 1 << 12;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly Frame _frame;
    private byte[]? _pixels;
    private int _y;

    private GifReader(ReadOnlyMemory<byte> file, ImageHeader header, Frame frame, byte[]? palette)
        : base(header)
    {
        _file = file;
        _frame = frame;
        Palette = palette;
    }

    public static GifReader Open(ReadOnlyMemory<byte> encoded, ImageLimits limits)
    {
        ReadOnlySpan<byte> file = encoded.Span;
        if (file.Length < 13)
        {
            throw new TruncatedImageException(ImageFormat.Gif, file.Length);
        }

        int width = BinaryPrimitives.ReadUInt16LittleEndian(file[6..]);
        int height = BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        int at = 13;
        byte[]? global = null;
        if ((file[10] & 0x80) != 0)
        {
            global = ReadPalette(file, ref at, file[10]);
        }

        Frame frame = new();
        while (true)
        {
            int kind = At(file, at++);
            if (kind == ';')
            {
                throw new CorruptImageException(ImageFormat.Gif, "it has no frame");
            }

            if (kind == '!')
            {
                int label = At(file, at++);
                if (label == 0xF9)
                {
                    int block = At(file, at);
                    if (block > 0)
                    {
                        int flags = At(file, at + 1);
                        if ((flags & 1) != 0 && block < 4)
                        {
                            throw new CorruptImageException(ImageFormat.Gif, "its graphic control block is too short");
                        }

                        frame.Transparent = (flags & 1) != 0 ? At(file, at + 4) : frame.Transparent;
                    }
                    else
                    {
                        throw new CorruptImageException(ImageFormat.Gif, "its graphic control block is empty");
                    }
                }

                SkipBlocks(file, ref at);
            }
            else if (kind == ',')
            {
                if (file.Length - at < 9)
                {
                    throw new TruncatedImageException(ImageFormat.Gif, file.Length);
                }

                frame.X = BinaryPrimitives.ReadUInt16LittleEndian(file[at..]);
                frame.Y = BinaryPrimitives.ReadUInt16LittleEndian(file[(at + 2)..]);
                frame.Width = BinaryPrimitives.ReadUInt16LittleEndian(file[(at + 4)..]);
                frame.Height = BinaryPrimitives.ReadUInt16LittleEndian(file[(at + 6)..]);
                int flags = file[at + 8];
                at += 9;
                frame.Interlaced = (flags & 64) != 0;
                byte[]? palette = (flags & 128) != 0 ? ReadPalette(file, ref at, flags) : global;
                frame.Bits = At(file, at++);
                frame.Data = at;

                // A frame that leaves the screen widens it.
                width = Math.Max(width, frame.X + frame.Width);
                height = Math.Max(height, frame.Y + frame.Height);
                PixelMode mode = palette is null ? PixelMode.Gray : PixelMode.Palette;
                ImageHeader header = new(ImageFormat.Gif, width, height, mode, CountFrames(file, at), 1);
                ImageDecoder.Check(header, limits);
                if (frame.X == 0 && frame.Width == 0)
                {
                    (frame.Width, frame.Height, frame.Y) = (width, height, 0);
                }

                if (frame.Width == 0 || frame.Height == 0)
                {
                    throw new CorruptImageException(ImageFormat.Gif, "its frame has no pixels");
                }

                return new GifReader(encoded, header, frame, palette);
            }
        }
    }

    public override void ReadRows(Span<byte> destination, int count)
    {
        if (_pixels is null)
        {
            _pixels = ArrayPool<byte>.Shared.Rent(Header.Width * Header.Height);
            _pixels.AsSpan(0, Header.Width * Header.Height).Fill((byte)Math.Max(_frame.Transparent, 0));
            Decode(_file.Span);
        }

        _pixels.AsSpan(_y * Header.Width, count * Header.Width).CopyTo(destination);
        _y += count;
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _pixels, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static int At(ReadOnlySpan<byte> file, int at) =>
        (uint)at < (uint)file.Length ? file[at] : throw new TruncatedImageException(ImageFormat.Gif, file.Length);

    /// <summary>Reads a colour table; null where it is the gray ramp, which makes the picture gray.</summary>
    private static byte[]? ReadPalette(ReadOnlySpan<byte> file, ref int at, int flags)
    {
        int length = 3 << ((flags & 7) + 1);
        if (file.Length - at < length)
        {
            throw new TruncatedImageException(ImageFormat.Gif, file.Length);
        }

        ReadOnlySpan<byte> colors = file.Slice(at, length);
        at += length;
        return ImagePalette.IsIdentity(colors) ? null : ImagePalette.Create(colors);
    }

    private static void SkipBlocks(ReadOnlySpan<byte> file, ref int at)
    {
        while (true)
        {
            int length = At(file, at++);
            if (length == 0)
            {
                return;
            }

            at += length;
        }
    }

    /// <summary>Counts the frames by their blocks, without decoding; what is broken behind the first frame ends the count.</summary>
    private static int CountFrames(ReadOnlySpan<byte> file, int at)
    {
        int frames = 1;
        while (true)
        {
            while (at < file.Length && file[at] != 0)
            {
                at += 1 + file[at];
            }

            at++;
            while (at < file.Length && file[at] is not ((byte)',' or (byte)'!'))
            {
                if (file[at++] == ';')
                {
                    return frames;
                }
            }

            if (at >= file.Length)
            {
                return frames;
            }

            if (file[at] == '!')
            {
                at += 2;
                continue;
            }

            if (file.Length - at < 11)
            {
                return frames;
            }

            frames++;
            int flags = file[at + 9];
            at += 10 + ((flags & 128) != 0 ? 3 << ((flags & 7) + 1) : 0) + 1;
        }
    }

    // GifDecode.c, with the whole file at hand: where it would wait for more input, the file is truncated.
    private void Decode(ReadOnlySpan<byte> file)
    {
        if (_frame.Bits > 12)
        {
            throw new CorruptImageException(ImageFormat.Gif, $"its code size is {_frame.Bits}");
        }

        int clear = 1 << _frame.Bits;
        int end = clear + 1;
        int next = clear + 2;
        int codeSize = _frame.Bits + 1;
        int codeMask = (1 << codeSize) - 1;
        Span<ushort> link = stackalloc ushort[TableSize];
        Span<byte> data = stackalloc byte[TableSize];
        Span<byte> text = stackalloc byte[TableSize];
        int lastCode = 0;
        byte lastData = 0;
        bool first = true;
        uint bitBuffer = 0;
        int bitCount = 0;
        int at = _frame.Data;
        int blockLeft = 0;
        int x = 0, y = 0;
        int pass = _frame.Interlaced ? 0 : 4;
        int step = _frame.Interlaced ? 8 : 1;
        Span<byte> screen = _pixels.AsSpan(0, Header.Width * Header.Height);
        int row = _frame.Y * Header.Width + _frame.X;
        while (true)
        {
            while (bitCount < codeSize)
            {
                if (blockLeft > 0)
                {
                    bitBuffer |= (uint)file[at++] << bitCount;
                    bitCount += 8;
                    blockLeft--;
                }
                else
                {
                    if (at >= file.Length || file.Length - at < file[at] + 1)
                    {
                        throw new TruncatedImageException(ImageFormat.Gif, file.Length);
                    }

                    blockLeft = file[at++];
                }
            }

            int code = (int)bitBuffer & codeMask;
            bitBuffer >>= codeSize;
            bitCount -= codeSize;
            if (code == clear)
            {
                next = clear + 2;
                codeSize = _frame.Bits + 1;
                codeMask = (1 << codeSize) - 1;
                first = true;
                continue;
            }

            if (code == end)
            {
                throw new TruncatedImageException(ImageFormat.Gif, file.Length);
            }

            int from = TableSize;
            if (first)
            {
                if (code > clear)
                {
                    throw Broken();
                }

                lastData = (byte)code;
                lastCode = code;
                first = false;
                text[--from] = lastData;
            }
            else
            {
                int c = code;
                if (c > next)
                {
                    throw Broken();
                }

                // The last byte that Pillow puts out is the code's first one, outside of its buffer of 4096.
                if (c == next)
                {
                    text[--from] = lastData;
                    c = lastCode;
                }

                while (c >= clear)
                {
                    if (from <= 0 || c >= TableSize)
                    {
                        throw Broken();
                    }

                    text[--from] = data[c];
                    c = link[c];
                }

                lastData = (byte)c;
                if (next < TableSize)
                {
                    data[next] = lastData;
                    link[next] = (ushort)lastCode;
                    if (next == codeMask && codeSize < 12)
                    {
                        codeSize++;
                        codeMask = (1 << codeSize) - 1;
                    }

                    next++;
                }

                lastCode = code;
                if (!Put(lastData, screen))
                {
                    return;
                }
            }

            for (; from < TableSize; from++)
            {
                if (!Put(text[from], screen))
                {
                    return;
                }
            }
        }

        bool Put(byte value, Span<byte> screen)
        {
            screen[row + x] = value;
            if (++x < _frame.Width)
            {
                return true;
            }

            Watch?.Check();
            x = 0;
            y += step;
            while (y >= _frame.Height)
            {
                switch (pass++)
                {
                    case 0:
                        y = 4;
                        break;
                    case 1:
                        step = 4;
                        y = 2;
                        break;
                    case 2:
                        step = 2;
                        y = 1;
                        break;
                    default:
                        return false;
                }
            }

            row = (_frame.Y + y) * Header.Width + _frame.X;
            return true;
        }
    }

    private static CorruptImageException Broken() => new(ImageFormat.Gif, "its compressed data is broken");

    private sealed class Frame
    {
        public int X { get; set; }

        public int Y { get; set; }

        public int Width { get; set; }

        public int Height { get; set; }

        public bool Interlaced { get; set; }

        public int Bits { get; set; }

        public int Data { get; set; }

        public int Transparent { get; set; } = -1;
    }
}
