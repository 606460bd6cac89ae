using System.Buffers.Binary;

namespace ClipFunctions.Datasets.Formats;

/// <summary>
/// Makes a 24-bit BMP of a CIFAR record's pixels: lossless, and nothing to compress. Form:
/// <see href="https://learn.microsoft.com/windows/win32/gdi/bitmap-storage"/>.
/// </summary>
internal static class BmpWriter
{
    /// <summary>Width and height of CIFAR's pictures.</summary>
    public const int Side = 32;

    /// <summary>Bytes of one colour.</summary>
    public const int PlaneSize = Side * Side;

    /// <summary>Bytes of the BMP.</summary>
    public const int FileSize = HeaderSize + (PlaneSize * 3);

    private const int HeaderSize = 14 + 40;

    /// <summary>Writes the file.</summary>
    /// <param name="planes">Red, green and blue, each 32 × 32 bytes, row by row from the top.</param>
    /// <param name="file">At least <see cref="FileSize"/> bytes.</param>
    public static void Write(ReadOnlySpan<byte> planes, Span<byte> file)
    {
        Span<byte> header = file[..HeaderSize];
        header.Clear();
        "BM"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[2..], FileSize);
        BinaryPrimitives.WriteInt32LittleEndian(header[10..], HeaderSize);
        BinaryPrimitives.WriteInt32LittleEndian(header[14..], 40);
        BinaryPrimitives.WriteInt32LittleEndian(header[18..], Side);
        BinaryPrimitives.WriteInt32LittleEndian(header[22..], Side);
        BinaryPrimitives.WriteInt16LittleEndian(header[26..], 1);
        BinaryPrimitives.WriteInt16LittleEndian(header[28..], 24);
        BinaryPrimitives.WriteInt32LittleEndian(header[34..], PlaneSize * 3);

        // A row's bytes are a multiple of four, so rows have no padding; they stand from the bottom up.
        Span<byte> pixels = file[HeaderSize..FileSize];
        for (int y = 0; y < Side; y++)
        {
            Span<byte> row = pixels.Slice((Side - 1 - y) * Side * 3, Side * 3);
            ReadOnlySpan<byte> red = planes.Slice(y * Side, Side);
            ReadOnlySpan<byte> green = planes.Slice(PlaneSize + (y * Side), Side);
            ReadOnlySpan<byte> blue = planes.Slice((2 * PlaneSize) + (y * Side), Side);
            for (int x = 0; x < Side; x++)
            {
                row[3 * x] = blue[x];
                row[(3 * x) + 1] = green[x];
                row[(3 * x) + 2] = red[x];
            }
        }
    }
}
