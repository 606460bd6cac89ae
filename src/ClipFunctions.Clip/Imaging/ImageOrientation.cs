using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ClipFunctions.Clip.Imaging;

/// <summary>EXIF orientation: finding it, and turning a picture upright.</summary>
internal static class ImageOrientation
{
    /// <summary>Reads tag 0x0112 of a TIFF structure (what follows <c>Exif\0\0</c>); 1 where there is none or it is not 1 to 8.</summary>
    public static int Parse(ReadOnlySpan<byte> tiff)
    {
        bool little = tiff is [(byte)'I', (byte)'I', 42, 0, ..];
        if (tiff.Length < 8 || (!little && tiff is not [(byte)'M', (byte)'M', 0, 42, ..]))
        {
            return 1;
        }

        uint offset = Read32(tiff[4..], little);
        if (offset > tiff.Length - 2)
        {
            return 1;
        }

        int count = Read16(tiff[(int)offset..], little);
        for (long at = offset + 2L; count > 0 && at + 12 <= tiff.Length; at += 12, count--)
        {
            ReadOnlySpan<byte> entry = tiff.Slice((int)at, 12);
            if (Read16(entry, little) == 0x0112)
            {
                int value = Read16(entry[2..], little) == 3 ? Read16(entry[8..], little) : 1;
                return value is >= 1 and <= 8 ? value : 1;
            }
        }

        return 1;

        static int Read16(ReadOnlySpan<byte> at, bool little) =>
            little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);

        static uint Read32(ReadOnlySpan<byte> at, bool little) =>
            little ? BinaryPrimitives.ReadUInt32LittleEndian(at) : BinaryPrimitives.ReadUInt32BigEndian(at);
    }

    /// <summary>A new picture, upright, with orientation 1: what Pillow's <c>ImageOps.exif_transpose</c> gives.</summary>
    public static DecodedImage Apply(DecodedImage image)
    {
        int orientation = image.Header.Orientation;
        bool swap = orientation >= 5;
        ImageHeader header = image.Header with
        {
            Width = swap ? image.Height : image.Width,
            Height = swap ? image.Width : image.Height,
            Orientation = 1,
        };
        DecodedImage result = DecodedImage.Rent(header, image.Palette);
        switch (image.BytesPerPixel)
        {
            case 1:
                Turn<byte>(image, result, orientation);
                break;
            case 2:
                Turn<ushort>(image, result, orientation);
                break;
            default:
                Turn<uint>(image, result, orientation);
                break;
        }

        return result;
    }

    private static void Turn<T>(DecodedImage image, DecodedImage result, int orientation)
        where T : unmanaged
    {
        ReadOnlySpan<T> source = MemoryMarshal.Cast<byte, T>(image.Pixels);
        Span<T> target = MemoryMarshal.Cast<byte, T>(result.Pixels);
        int width = image.Width, right = image.Width - 1, bottom = image.Height - 1;
        for (int y = 0, o = 0; y < result.Height; y++)
        {
            for (int x = 0; x < result.Width; x++, o++)
            {
                (int sx, int sy) = orientation switch
                {
                    2 => (right - x, y),
                    3 => (right - x, bottom - y),
                    4 => (x, bottom - y),
                    5 => (y, x),
                    6 => (y, bottom - x),
                    7 => (right - y, bottom - x),
                    8 => (right - y, x),
                    _ => (x, y),
                };
                target[o] = source[sy * width + sx];
            }
        }
    }
}
