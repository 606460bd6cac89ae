using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

/// <summary>Picture files made on the spot.</summary>
internal static class TestPictures
{
    /// <summary>A smooth picture with noise, encoded by Skia.</summary>
    public static byte[] Encode(SKEncodedImageFormat format, int width, int height, int seed = 1, int quality = 90)
    {
        using SKBitmap bitmap = Draw(width, height, seed);
        using SKData data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    public static SKBitmap Draw(int width, int height, int seed)
    {
        Random random = new(seed);
        SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int y = 0, i = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, i += 4)
            {
                pixels[i] = (byte)(x * 255 / width);
                pixels[i + 1] = (byte)(y * 255 / height);
                pixels[i + 2] = (byte)((x * 7 ^ y * 5) & 127 | random.Next(16));
                pixels[i + 3] = 255;
            }
        }

        return bitmap;
    }

    /// <summary>A PNG of any kind from its raw rows (filter bytes included).</summary>
    public static byte[] Png(uint width, uint height, byte depth, byte colorType, ReadOnlySpan<byte> rows, params (string Name, byte[] Data)[] before)
    {
        using MemoryStream file = new();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        header[8] = depth;
        header[9] = colorType;
        Chunk(file, "IHDR", header);
        foreach ((string name, byte[] data) in before)
        {
            Chunk(file, name, data);
        }

        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        Chunk(file, "IDAT", packed.ToArray());
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    /// <summary>A GIF of 2 × 2 pixels on a screen, in four colours.</summary>
    public static byte[] Gif(int frames = 1)
    {
        using MemoryStream file = new();
        file.Write("GIF89a"u8);
        file.Write([2, 0, 2, 0, 0x81, 0, 0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
        for (int i = 0; i < frames; i++)
        {
            // Codes of three bits: clear, 0, 1, 2, then 3 (codes of four bits after the fourth), end.
            file.Write([(byte)',', 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 3, 0b01_000_100, 0b0_011_010_0, 0b0000_0101, 0]);
        }

        file.WriteByte((byte)';');
        return file.ToArray();
    }

    /// <summary>A JPEG of four components and 8 × 8 pixels whose samples are 228, 28, 128 and 192 throughout.</summary>
    /// <param name="adobeTransform">0 for CMYK, 2 for YCCK.</param>
    public static byte[] FourComponentJpeg(byte adobeTransform) =>
    [
        0xFF, 0xD8,
        0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, adobeTransform,
        0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)8, 64),
        0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0,

        // DC: 0 is category 0, 10 is category 7. AC: 0 is the end of the block.
        0xFF, 0xC4, 0, 21, 0x00, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,
        0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0,
        0b10_110010, 0b0_0_10_0011, 0b011_0_0_0_10, 0b1000000_0,
        0xFF, 0xD9,
    ];

    /// <summary>Puts an EXIF block with an orientation behind a JPEG's first marker.</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation) =>
    [
        0xFF, 0xD8, 0xFF, 0xE1, 0, 34, .. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
        .. jpeg.AsSpan(2),
    ];

    private static void Chunk(Stream file, string name, byte[] data)
    {
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(name), .. data];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(body);
        uint crc = 0xFFFFFFFF;
        foreach (byte b in body)
        {
            crc ^= b;
            for (int k = 0; k < 8; k++)
            {
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            }
        }

        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        file.Write(number);
    }
}
