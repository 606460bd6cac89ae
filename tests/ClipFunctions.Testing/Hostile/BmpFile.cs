namespace ClipFunctions.Testing.Hostile;

/// <summary>BMP files.</summary>
internal static class BmpFile
{
    /// <summary>A file with the header of Windows 3.</summary>
    /// <param name="width">Width, as the header tells it.</param>
    /// <param name="height">Height, as the header tells it; negative for top-down.</param>
    /// <param name="bits">Bits of a pixel.</param>
    /// <param name="pixels">What stands behind the palette.</param>
    /// <param name="compression">1 for RLE8, 2 for RLE4, 3 for bit fields.</param>
    /// <param name="colours">The size of the palette that the header tells.</param>
    /// <param name="palette">The palette, four bytes a colour.</param>
    public static byte[] Make(int width, int height, int bits, ReadOnlySpan<byte> pixels, uint compression = 0, uint colours = 0, byte[]? palette = null)
    {
        palette ??= bits <= 8 ? [.. Enumerable.Range(0, 1 << bits).SelectMany(i => new byte[] { (byte)(i * 3), (byte)(i * 5), (byte)i, 0 })] : [];
        return new ByteWriter()
            .Text("BM").Little32((uint)(54 + palette.Length + pixels.Length)).Little32(0).Little32((uint)(54 + palette.Length))
            .Little32(40).Little32((uint)width).Little32((uint)height).Little16(1).Little16(bits).Little32(compression).Little32(0)
            .Little32(2835).Little32(2835).Little32(colours).Little32(0)
            .Bytes(palette).Bytes(pixels).ToArray();
    }

    /// <summary>Run lengths that skip so many rows, and end.</summary>
    public static byte[] Skips(int rows)
    {
        ByteWriter runs = new();
        for (int left = rows; left > 0; left -= 255)
        {
            // Readers differ in which pair of bytes is the move: both are.
            runs.Bytes(0, 2, 0, (byte)Math.Min(left, 255), 0, (byte)Math.Min(left, 255));
        }

        return runs.Bytes(0, 1).ToArray();
    }

    /// <summary>Run lengths of one colour for so many pixels in rows.</summary>
    public static byte[] Runs(int width, int height)
    {
        ByteWriter runs = new();
        for (int y = 0; y < height; y++)
        {
            for (int left = width; left > 0; left -= 255)
            {
                runs.Bytes((byte)Math.Min(left, 255), 1);
            }

            runs.Bytes(0, 0);
        }

        return runs.Bytes(0, 1).ToArray();
    }
}
