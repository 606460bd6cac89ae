using System.Buffers.Binary;

namespace ClipFunctions.Clip.Imaging;

/// <summary>What stands before a JPEG's first scan, read as Pillow's JpegImagePlugin reads it.</summary>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Components">Components: 1, 3 or 4.</param>
/// <param name="Orientation">EXIF orientation, 1 to 8.</param>
/// <param name="IsHuffmanCoded">Whether it is baseline, extended sequential or progressive, and not arithmetic-coded.</param>
/// <param name="Coarsest">Of all components, the most pixels for a sample in either direction; 0 where that is no whole number.</param>
internal readonly record struct JpegHeader(int Width, int Height, int Components, int Orientation, bool IsHuffmanCoded, int Coarsest)
{
    public static JpegHeader Read(ReadOnlySpan<byte> file)
    {
        int width = 0, height = 0, components = 0, orientation = 0, coarsest = 0;
        bool huffmanCoded = false;
        int at = 2;
        while (true)
        {
            int marker = JpegMarkers.Next(file, ref at);
            if (marker is 0xC8 or (>= 0xD0 and <= 0xD9) or (>= 0xF0 and <= 0xFD))
            {
                continue;
            }

            if (marker < 0xC0)
            {
                throw new CorruptImageException(ImageFormat.Jpeg, $"an unknown marker FF{marker:X2} stands in its header");
            }

            ReadOnlySpan<byte> data = JpegMarkers.Segment(file, marker, ref at);
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) or 0xDE)
            {
                if (data.Length < 6)
                {
                    throw new CorruptImageException(ImageFormat.Jpeg, "its frame header is too short");
                }

                if (data[0] != 8)
                {
                    throw new UnsupportedImageFormatException($"{data[0]}-bit JPEG");
                }

                height = BinaryPrimitives.ReadUInt16BigEndian(data[1..]);
                width = BinaryPrimitives.ReadUInt16BigEndian(data[3..]);
                components = data[5];
                if (components is not (1 or 3 or 4))
                {
                    throw new UnsupportedImageFormatException($"JPEG of {components} components");
                }

                huffmanCoded = marker <= 0xC2;
                coarsest = FindCoarsest(data[6..], components);
            }
            else if (marker == 0xE1 && orientation == 0 && data.StartsWith("Exif\0"u8) && data.Length > 6)
            {
                orientation = ImageOrientation.Parse(data[6..]);
            }
            else if (marker == 0xDA)
            {
                if (components == 0)
                {
                    throw new CorruptImageException(ImageFormat.Jpeg, "it has no frame header before its first scan");
                }

                return new JpegHeader(width, height, components, Math.Max(orientation, 1), huffmanCoded, coarsest);
            }
        }
    }

    private static int FindCoarsest(ReadOnlySpan<byte> entries, int components)
    {
        if (components == 1 || entries.Length < 3 * components)
        {
            return 1;
        }

        int maxH = 1, maxV = 1;
        for (int i = 0; i < components; i++)
        {
            maxH = Math.Max(maxH, entries[3 * i + 1] >> 4);
            maxV = Math.Max(maxV, entries[3 * i + 1] & 15);
        }

        int coarsest = 1;
        for (int i = 0; i < components; i++)
        {
            int h = entries[3 * i + 1] >> 4, v = entries[3 * i + 1] & 15;
            if (h == 0 || v == 0 || maxH % h != 0 || maxV % v != 0)
            {
                return 0;
            }

            coarsest = Math.Max(coarsest, Math.Max(maxH / h, maxV / v));
        }

        return coarsest;
    }
}
