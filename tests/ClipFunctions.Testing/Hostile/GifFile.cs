namespace ClipFunctions.Testing.Hostile;

/// <summary>GIF files of one colour.</summary>
internal static class GifFile
{
    /// <summary>A screen with frames on it.</summary>
    /// <param name="width">Of the screen.</param>
    /// <param name="height">Of the screen.</param>
    /// <param name="colours">Bits of the palette's size, 1 to 8.</param>
    /// <param name="frames">The frames.</param>
    /// <param name="loops">Whether it says that it is played for ever.</param>
    public static byte[] Make(int width, int height, int colours, IEnumerable<GifFrame> frames, bool loops = true)
    {
        ByteWriter file = new ByteWriter().Text("GIF89a").Little16(width).Little16(height).Bytes((byte)(0x80 | (colours - 1)), 0, 0);
        for (int i = 0; i < 1 << colours; i++)
        {
            file.Bytes((byte)(i * 7), (byte)(255 - i), (byte)(i * 31));
        }

        if (loops)
        {
            file.Bytes((byte)'!', 0xFF, 11).Text("NETSCAPE2.0").Bytes(3, 1, 0, 0, 0);
        }

        foreach (GifFrame frame in frames)
        {
            file.Bytes((byte)'!', 0xF9, 4, 1).Little16(frame.Delay).Bytes(0, 0);
            file.Bytes((byte)',').Little16(frame.X).Little16(frame.Y).Little16(frame.Width).Little16(frame.Height).Bytes(frame.Interlaced ? (byte)0x40 : (byte)0);
            file.Bytes(frame.CodeSize);
            byte[] codes = frame.Codes ?? Codes(frame.CodeSize, frame.Pixels ?? (long)frame.Width * frame.Height);
            for (int at = 0; at < codes.Length; at += 255)
            {
                ReadOnlySpan<byte> block = codes.AsSpan(at, Math.Min(255, codes.Length - at));
                file.Bytes((byte)block.Length).Bytes(block);
            }

            file.Bytes(0);
        }

        return file.Bytes((byte)';').ToArray();
    }

    /// <summary>
    /// So many equal pixels in as few bytes as there can be: each code is one pixel longer than the last, and at the end, the table being full, the
    /// longest is said again and again.
    /// </summary>
    public static byte[] Codes(int codeSize, long pixels)
    {
        List<byte> bytes = [];
        int clear = 1 << codeSize;
        int bits = codeSize + 1;
        uint buffer = 0;
        int count = 0;
        Put(clear);
        Put(0);
        int next = clear + 2;
        long length = 1;
        long done = 1;
        while (done < pixels)
        {
            bool full = next == 4096;
            length += full ? 0 : 1;
            Put(full ? 4095 : next);
            done += length;
            if (!full && ++next > (1 << bits) - 1 && bits < 12)
            {
                bits++;
            }
        }

        Put(clear + 1);
        bytes.Add((byte)buffer);
        return [.. bytes];

        void Put(int code)
        {
            buffer |= (uint)code << count;
            for (count += bits; count >= 8; count -= 8)
            {
                bytes.Add((byte)buffer);
                buffer >>= 8;
            }
        }
    }
}
