using System.Buffers;
using System.Buffers.Binary;

namespace ClipFunctions.Clip.Imaging;

/// <summary>BMP as Pillow's BmpImagePlugin reads it: 1, 4, 8, 16, 24 and 32 bits, bit fields, RLE4 and RLE8, bottom-up or top-down.</summary>
internal sealed class BmpReader : PixelReader
{
    private readonly ReadOnlyMemory<byte> _file;
    private readonly Layout _layout;
    private byte[]? _unrolled;
    private int _y;

    private BmpReader(ReadOnlyMemory<byte> file, ImageHeader header, Layout layout, byte[]? palette)
        : base(header)
    {
        _file = file;
        _layout = layout;
        Palette = palette;
    }

    private enum Packing
    {
        Bits,
        Bgr15,
        Bgr16,
        Bgr,
        Bgrx,
        Xbgr,
        Abgr,
        Rgba,
        Bgra,
    }

    public static BmpReader Open(ReadOnlyMemory<byte> encoded, ImageLimits limits)
    {
        ReadOnlySpan<byte> file = encoded.Span;
        if (file.Length < 18)
        {
            throw new TruncatedImageException(ImageFormat.Bmp, file.Length);
        }

        long offset = BinaryPrimitives.ReadUInt32LittleEndian(file[10..]);
        uint headerSize = BinaryPrimitives.ReadUInt32LittleEndian(file[14..]);
        if (headerSize is not (12 or 40 or 64 or 108 or 124))
        {
            throw Corrupt($"its header of {headerSize} bytes is of no known kind");
        }

        if (file.Length < 14 + headerSize)
        {
            throw new TruncatedImageException(ImageFormat.Bmp, file.Length);
        }

        ReadOnlySpan<byte> head = file.Slice(18, (int)headerSize - 4);
        int at = 14 + (int)headerSize;
        uint width, height, colors = 0, compression = 0;
        int bits;
        int entry = 4;
        bool topDown = false;
        Span<uint> masks = [0, 0, 0, 0];
        if (headerSize == 12)
        {
            width = BinaryPrimitives.ReadUInt16LittleEndian(head);
            height = BinaryPrimitives.ReadUInt16LittleEndian(head[2..]);
            bits = BinaryPrimitives.ReadUInt16LittleEndian(head[6..]);
            entry = 3;
        }
        else
        {
            topDown = head[7] == 0xFF;
            width = BinaryPrimitives.ReadUInt32LittleEndian(head);
            height = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            height = topDown ? 0 - height : height;
            bits = BinaryPrimitives.ReadUInt16LittleEndian(head[10..]);
            compression = BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
            colors = BinaryPrimitives.ReadUInt32LittleEndian(head[28..]);
            if (compression == 3)
            {
                ReadOnlySpan<byte> from = headerSize >= 56 ? head[36..] : file[at..];
                int fields = headerSize >= 56 ? 4 : 3;
                if (from.Length < 4 * fields)
                {
                    throw new TruncatedImageException(ImageFormat.Bmp, file.Length);
                }

                for (int i = 0; i < fields; i++)
                {
                    masks[i] = BinaryPrimitives.ReadUInt32LittleEndian(from[(4 * i)..]);
                }

                at += headerSize >= 56 ? 0 : 12;
            }
        }

        if (bits is not (1 or 4 or 8 or 16 or 24 or 32))
        {
            throw Corrupt($"it has {bits} bits a pixel");
        }

        if (colors == 0)
        {
            colors = bits == 32 ? 0 : 1u << bits;
        }

        if (offset == 14 + headerSize && bits <= 8)
        {
            offset += 4L * colors;
        }

        PixelMode mode = bits <= 8 ? PixelMode.Palette : PixelMode.Rgb;
        Packing packing = bits switch { 16 => Packing.Bgr15, 24 => Packing.Bgr, 32 => Packing.Bgrx, _ => Packing.Bits };
        bool rle = compression is 1 or 2;
        if (compression == 3)
        {
            packing = (bits, masks[0], masks[1], masks[2], masks[3]) switch
            {
                (32, 0xFF0000, 0xFF00, 0xFF, 0) => Packing.Bgrx,
                (32, 0xFF000000, 0xFF0000, 0xFF00, 0) => Packing.Xbgr,
                (32, 0xFF000000, 0xFF0000, 0xFF00, 0xFF) => Packing.Abgr,
                (32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000) => Packing.Rgba,
                (32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000) or (32, 0, 0, 0, 0) => Packing.Bgra,
                (24, 0xFF0000, 0xFF00, 0xFF, _) => Packing.Bgr,
                (16, 0xF800, 0x7E0, 0x1F, _) => Packing.Bgr16,
                (16, 0x7C00, 0x3E0, 0x1F, _) => Packing.Bgr15,
                _ => throw Corrupt("its bit fields have no known layout"),
            };
            mode = packing is Packing.Abgr or Packing.Rgba or Packing.Bgra ? PixelMode.Rgba : mode;
        }
        else if (compression > 3)
        {
            throw new UnsupportedImageFormatException($"BMP with compression {compression}");
        }

        byte[]? palette = null;
        int unit = bits;
        if (mode == PixelMode.Palette)
        {
            if (colors is 0 or > 65536)
            {
                throw Corrupt($"its palette has {colors} colours");
            }

            ReadOnlySpan<byte> table = file.Slice(at, (int)Math.Min((long)entry * colors, file.Length - at));
            at += table.Length;
            if (IsGray(table, entry, (int)colors))
            {
                // Pillow reads such pixels as 1 or 8 bits, whatever the header says.
                mode = colors == 2 ? PixelMode.Bilevel : PixelMode.Gray;
                unit = colors == 2 ? 1 : 8;
            }
            else
            {
                palette = ReadPalette(table, entry);
            }
        }

        if (width == 0 || height == 0 || width > int.MaxValue || height > int.MaxValue)
        {
            ImageDecoder.CheckSize(width, height, limits);
            throw Corrupt($"its size is {width} × {height} pixels");
        }

        ImageDecoder.CheckSize(width, height, limits);
        ImageHeader header = new(ImageFormat.Bmp, (int)width, (int)height, mode, 1, 1);
        ImageDecoder.Check(header, limits);
        if (rle && mode is not (PixelMode.Gray or PixelMode.Palette))
        {
            throw Corrupt("its run lengths do not go with its pixels");
        }

        long stride = (((long)width * bits + 31) >> 3) & ~3L;
        long rowBytes = ((long)width * unit + 7) / 8;
        if (!rle && rowBytes > stride)
        {
            // A gray ramp at 4 bits a pixel: here Pillow fails, or shows overlapping rows; the pixels mean what they say.
            unit = bits;
            rowBytes = ((long)width * unit + 7) / 8;
        }

        Layout layout = new(packing, unit, topDown, rle, compression == 2, offset == 0 ? at : offset, stride, rowBytes);
        return new BmpReader(encoded, header, layout, palette);
    }

    public override void ReadRows(Span<byte> destination, int count)
    {
        ReadOnlySpan<byte> file = _file.Span;
        int stride = Header.Width * Header.Mode.BytesPerPixel();
        if (_layout.Rle && _unrolled is null)
        {
            _unrolled = ArrayPool<byte>.Shared.Rent(Header.Width * Header.Height);
            Unroll(file, _unrolled.AsSpan(0, Header.Width * Header.Height));
        }

        if (!_layout.Rle && _layout.Offset + (Header.Height - 1) * _layout.Stride + _layout.RowBytes > file.Length)
        {
            throw new TruncatedImageException(ImageFormat.Bmp, file.Length);
        }

        for (int i = 0; i < count; i++, _y++)
        {
            int stored = _layout.TopDown ? _y : Header.Height - 1 - _y;
            Span<byte> row = destination.Slice(i * stride, stride);
            if (_layout.Rle)
            {
                _unrolled.AsSpan(stored * stride, stride).CopyTo(row);
            }
            else
            {
                Unpack(file.Slice((int)(_layout.Offset + stored * _layout.Stride), (int)_layout.RowBytes), row);
            }
        }
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _unrolled, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static CorruptImageException Corrupt(string what) => new(ImageFormat.Bmp, what);

    private static bool IsGray(ReadOnlySpan<byte> table, int entry, int colors)
    {
        if (colors > 256 || table.Length < (colors - 1) * entry + 3)
        {
            return false;
        }

        for (int i = 0; i < colors; i++)
        {
            int value = colors == 2 ? i * 255 : i;
            if (table[i * entry] != value || table[i * entry + 1] != value || table[i * entry + 2] != value)
            {
                return false;
            }
        }

        return true;
    }

    private static byte[] ReadPalette(ReadOnlySpan<byte> table, int entry)
    {
        int count = table.Length / entry;
        if (count > 256)
        {
            throw Corrupt($"its palette has {count} colours");
        }

        Span<byte> colors = stackalloc byte[3 * count];
        for (int i = 0; i < count; i++)
        {
            colors[3 * i] = table[i * entry + 2];
            colors[3 * i + 1] = table[i * entry + 1];
            colors[3 * i + 2] = table[i * entry];
        }

        return ImagePalette.Create(colors);
    }

    private void Unpack(ReadOnlySpan<byte> source, Span<byte> target)
    {
        switch (_layout.Packing)
        {
            case Packing.Bits:
                int unit = _layout.Unit;
                int mask = (1 << unit) - 1;
                int scale = Header.Mode == PixelMode.Bilevel ? 255 : 1;
                for (int x = 0, bit = 0; x < target.Length; x++, bit += unit)
                {
                    target[x] = (byte)(((source[bit >> 3] >> (8 - unit - (bit & 7))) & mask) * scale);
                }

                break;
            case Packing.Bgr15 or Packing.Bgr16:
                bool sixBits = _layout.Packing == Packing.Bgr16;
                for (int s = 0, t = 0; t < target.Length; s += 2, t += 4)
                {
                    int pixel = source[s] | source[s + 1] << 8;
                    target[t] = (byte)(((pixel >> (sixBits ? 11 : 10)) & 31) * 255 / 31);
                    target[t + 1] = (byte)(sixBits ? ((pixel >> 5) & 63) * 255 / 63 : ((pixel >> 5) & 31) * 255 / 31);
                    target[t + 2] = (byte)((pixel & 31) * 255 / 31);
                    target[t + 3] = 255;
                }

                break;
            case Packing.Bgr:
                for (int s = 0, t = 0; t < target.Length; s += 3, t += 4)
                {
                    target[t] = source[s + 2];
                    target[t + 1] = source[s + 1];
                    target[t + 2] = source[s];
                    target[t + 3] = 255;
                }

                break;
            default:
                (int r, int g, int b, int a) = _layout.Packing switch
                {
                    Packing.Bgrx or Packing.Bgra => (2, 1, 0, 3),
                    Packing.Xbgr or Packing.Abgr => (3, 2, 1, 0),
                    _ => (0, 1, 2, 3),
                };
                for (int t = 0; t < target.Length; t += 4)
                {
                    target[t] = source[t + r];
                    target[t + 1] = source[t + g];
                    target[t + 2] = source[t + b];
                    target[t + 3] = source[t + a];
                }

                break;
        }
    }

    // BmpRleDecoder, whose quirks count: an odd run of single RLE4 pixels loses its last one, and what is missing at the end is an error.
    private void Unroll(ReadOnlySpan<byte> file, Span<byte> target)
    {
        int width = Header.Width;
        long at = _layout.Offset;
        int filled = 0;
        int x = 0;
        while (filled < target.Length && at + 2 <= file.Length)
        {
            int run = file[(int)at];
            int value = file[(int)at + 1];
            at += 2;
            if (run > 0)
            {
                run = x + run > width ? Math.Max(0, width - x) : run;
                for (int i = 0; i < run && filled + i < target.Length; i++)
                {
                    target[filled + i] = (byte)(!_layout.Rle4 ? value : i % 2 == 0 ? value >> 4 : value & 15);
                }

                filled += run;
                x += run;
            }
            else if (value == 0)
            {
                int rest = (width - filled % width) % width;
                Zero(target, ref filled, rest);
                x = 0;
            }
            else if (value == 1)
            {
                break;
            }
            else if (value == 2)
            {
                // Pillow 9.4 reads the two bytes of the move twice, and takes the second pair.
                if (at + 4 > file.Length)
                {
                    break;
                }

                long skip = file[(int)at + 2] + (long)file[(int)at + 3] * width;
                at += 4;
                Zero(target, ref filled, skip);
                x = filled % width;
            }
            else
            {
                int bytes = _layout.Rle4 ? value / 2 : value;
                int have = (int)Math.Min(bytes, file.Length - at);
                for (int i = 0; i < have; i++)
                {
                    int b = file[(int)at + i];
                    if (_layout.Rle4)
                    {
                        PutOne(target, ref filled, (byte)(b >> 4));
                        PutOne(target, ref filled, (byte)(b & 15));
                    }
                    else
                    {
                        PutOne(target, ref filled, (byte)b);
                    }
                }

                at += have;
                if (have < bytes)
                {
                    break;
                }

                x += value;
                at += at & 1;
            }
        }

        if (filled < target.Length)
        {
            throw new TruncatedImageException(ImageFormat.Bmp, file.Length);
        }

        static void PutOne(Span<byte> target, ref int filled, byte value)
        {
            if (filled < target.Length)
            {
                target[filled] = value;
            }

            filled++;
        }

        static void Zero(Span<byte> target, ref int filled, long count)
        {
            int clear = (int)Math.Min(count, Math.Max(target.Length - filled, 0));
            target.Slice(Math.Min(filled, target.Length), clear).Clear();
            filled = (int)Math.Min(filled + count, int.MaxValue);
        }
    }

    private sealed record Layout(Packing Packing, int Unit, bool TopDown, bool Rle, bool Rle4, long Offset, long Stride, long RowBytes);
}
