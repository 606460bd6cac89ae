using System.Buffers.Binary;

namespace ClipFunctions.Clip.Imaging;

/// <summary>Counts the scans of a JPEG without decoding it: each is a pass over all of the picture, however few bytes it has.</summary>
internal static class JpegScans
{
    // About what a scan takes that holds nothing; what holds something takes longer.
    private const double NanosecondsPerPixel = 1;

    /// <summary>Checks the number of scans that a decoder would go through, and, since Skia cannot be interrupted amid them, the time that they take.</summary>
    /// <exception cref="TooManyScansException">See <see cref="ImageLimits.MaxScans"/>.</exception>
    /// <exception cref="DecodeTimeoutException">See <see cref="ImageLimits.MaxDecodeTime"/>.</exception>
    public static void Check(ReadOnlySpan<byte> file, ImageHeader header, ImageLimits limits)
    {
        int scans = Count(file);
        if (scans > limits.MaxScans)
        {
            throw new TooManyScansException(limits.MaxScans, scans);
        }

        if (scans > 1 && NanosecondsPerPixel * scans * header.Width * header.Height > limits.MaxDecodeTime.TotalNanoseconds)
        {
            throw new DecodeTimeoutException(limits.MaxDecodeTime);
        }
    }

    /// <summary>The number of scans; of a picture whose first scan is the whole, 1, since what stands behind it is not decoded.</summary>
    public static int Count(ReadOnlySpan<byte> file)
    {
        int scans = 0, components = 0;
        bool progressive = false;
        int at = 2;
        while (JpegMarkers.TryNext(file, ref at, out int marker))
        {
            if (marker == 0xD9)
            {
                return scans;
            }

            // Without a length: restarts, and what may stand before the first scan.
            if (marker is 1 or (>= 0xD0 and <= 0xD8))
            {
                continue;
            }

            if (file.Length - at < 2)
            {
                return scans;
            }

            ReadOnlySpan<byte> data = file.Slice(at, Math.Min(Math.Max((int)BinaryPrimitives.ReadUInt16BigEndian(file[at..]), 2), file.Length - at))[2..];
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) && data.Length >= 6)
            {
                progressive |= marker is 0xC2 or 0xC6 or 0xCA or 0xCE;
                components = data[5];
            }
            else if (marker == 0xDA)
            {
                scans++;
                if (!progressive && scans == 1 && !data.IsEmpty && data[0] == components)
                {
                    return scans;
                }
            }

            at += 2 + data.Length;
        }

        return scans;
    }
}
