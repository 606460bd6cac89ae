using System.Buffers.Binary;

namespace ClipFunctions.Clip.Imaging;

/// <summary>Finds a JPEG's markers and what belongs to them, as libjpeg (jdmarker.c) and Pillow do.</summary>
internal static class JpegMarkers
{
    /// <summary>The next marker behind <paramref name="at"/>, which is moved behind it. Anything before it is skipped, so are fill bytes and escaped ones.</summary>
    /// <exception cref="TruncatedImageException">There is none.</exception>
    public static int Next(ReadOnlySpan<byte> file, ref int at) =>
        TryNext(file, ref at, out int marker) ? marker : throw new TruncatedImageException(ImageFormat.Jpeg, file.Length);

    /// <summary>The same, false where there is none.</summary>
    public static bool TryNext(ReadOnlySpan<byte> file, ref int at, out int marker)
    {
        marker = 0;
        while (marker == 0)
        {
            int skipped = file[Math.Min(at, file.Length)..].IndexOf((byte)0xFF);
            at = skipped < 0 ? file.Length : at + skipped;
            while (at < file.Length && file[at] == 0xFF)
            {
                at++;
            }

            if (at >= file.Length)
            {
                return false;
            }

            marker = file[at++];
        }

        return true;
    }

    /// <summary>What stands behind a marker and its length; <paramref name="at"/> is moved behind it.</summary>
    /// <exception cref="CorruptImageException">The length does not count its own two bytes, and the marker is not one that is passed over all the same.</exception>
    /// <exception cref="TruncatedImageException">The file ends before.</exception>
    public static ReadOnlySpan<byte> Segment(ReadOnlySpan<byte> file, int marker, ref int at)
    {
        if (file.Length - at < 2)
        {
            throw new TruncatedImageException(ImageFormat.Jpeg, file.Length);
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
        if (length < 2)
        {
            if (!IsPassedOver(marker))
            {
                throw new CorruptImageException(ImageFormat.Jpeg, $"its marker FF{marker:X2} has a length of {length}");
            }

            length = 2;
        }

        if (file.Length - at < length)
        {
            throw new TruncatedImageException(ImageFormat.Jpeg, file.Length);
        }

        ReadOnlySpan<byte> data = file.Slice(at + 2, length - 2);
        at += length;
        return data;
    }

    private static bool IsPassedOver(int marker) => marker is 0xDC or (>= 0xE0 and <= 0xEF) or 0xFE;
}
