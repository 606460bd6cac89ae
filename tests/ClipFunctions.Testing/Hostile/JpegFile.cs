namespace ClipFunctions.Testing.Hostile;

/// <summary>JPEG files, marker by marker. Entropy-coded data are drawn at random: with the tables of the standard, nearly any bits mean something.</summary>
internal static class JpegFile
{
    /// <summary>A file with one scan of all components, or, if progressive, of the scans that are given.</summary>
    public static byte[] Make(JpegOptions options)
    {
        Random random = new(options.Seed);
        ByteWriter file = new ByteWriter().Bytes(0xFF, 0xD8).Bytes(options.BeforeFrame);
        if (options.Adobe is { } adobe)
        {
            Segment(file, 0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, adobe]);
        }

        if (options.QuantizationTables)
        {
            Segment(file, 0xDB, [0, .. Enumerable.Repeat((byte)8, 64)]);
        }

        int components = options.Sampling.Length;
        Segment(file, options.Frame, [
            options.Precision, (byte)(options.Height >> 8), (byte)options.Height, (byte)(options.Width >> 8), (byte)options.Width, (byte)components,
            .. Enumerable.Range(0, components).SelectMany(i => new byte[] { (byte)(i + 1), options.Sampling[i], 0 }),
        ]);
        if (options.HuffmanTables)
        {
            Tables(file);
        }

        if (options.RestartInterval is { } interval)
        {
            Segment(file, 0xDD, [(byte)(interval >> 8), (byte)interval]);
        }

        if (options.Scans.Count == 0)
        {
            Scan(file, [.. Enumerable.Range(1, components).Select(i => (byte)i)], 0, 63, 0, 0);
            Entropy(file, random, options.EntropyBytes, options.RestartInterval is null ? 0 : 40);
        }

        foreach (JpegScan scan in options.Scans)
        {
            for (int i = 0; i < scan.Repeat; i++)
            {
                Scan(file, scan.Components, scan.Start, scan.End, scan.High, scan.Low);
                file.Bytes(scan.Data ?? []);
                Entropy(file, random, scan.RandomBytes, 0);
            }
        }

        return file.Bytes(0xFF, 0xD9).Bytes(options.Behind).ToArray();
    }

    /// <summary>A progressive file that goes over its pixels again and again; each scan has next to no bytes.</summary>
    public static byte[] ManyScans(int width, int height, int scans, byte[] sampling) => Make(new JpegOptions
    {
        Width = width,
        Height = height,
        Frame = 0xC2,
        Sampling = sampling,
        Scans =
        [
            new JpegScan { Components = [.. Enumerable.Range(1, sampling.Length).Select(i => (byte)i)], RandomBytes = 64 },
            new JpegScan { Components = [1], Start = 1, End = 63, Low = 1, Data = EndOfBands(width, height) },
            new JpegScan { Components = [1], Start = 1, End = 63, High = 1, Low = 0, Data = EndOfBands(width, height), Repeat = scans - 2 },
        ],
    });

    /// <summary>A marker with its length and data.</summary>
    public static void Segment(ByteWriter file, int marker, params ReadOnlySpan<byte> data) => file.Bytes(0xFF, (byte)marker).Big16(data.Length + 2).Bytes(data);

    /// <summary>An EXIF block: a TIFF structure behind its name.</summary>
    public static byte[] Exif(params ReadOnlySpan<byte> tiff)
    {
        ByteWriter file = new();
        Segment(file, 0xE1, [.. "Exif\0\0"u8, .. tiff]);
        return file.ToArray();
    }

    // Runs of 32767 blocks without a coefficient, 16 bits each: 1110 1111 1110 and a code are those of Annex K; here 0xE0 has the code 0.
    private static byte[] EndOfBands(int width, int height)
    {
        long blocks = (long)((width + 7) / 8) * ((height + 7) / 8);
        long runs = blocks / 32767 + 1;

        // 0 for the code, fourteen ones for the run's length: fifteen bits that fill fifteen bytes eight times.
        List<byte> bytes = [];
        int buffer = 0, count = 0;
        for (long i = 0; i < runs; i++)
        {
            buffer = buffer << 15 | 0x3FFF;
            count += 15;
            while (count >= 8)
            {
                byte value = (byte)(buffer >> (count - 8));
                bytes.Add(value);
                if (value == 0xFF)
                {
                    bytes.Add(0);
                }

                count -= 8;
                buffer &= (1 << count) - 1;
            }
        }

        bytes.Add(0);
        return [.. bytes];
    }

    private static void Scan(ByteWriter file, byte[] components, int start, int end, int high, int low) => Segment(file, 0xDA, [
        (byte)components.Length, .. components.SelectMany(c => new byte[] { c, start > 0 ? (byte)0x01 : (byte)0x00 }), (byte)start, (byte)end, (byte)(high << 4 | low),
    ]);

    // DC: categories 0 to 11 as in Annex K. AC table 0: codes for short runs, the end of the block and of the band; table 1: the end of bands alone.
    private static void Tables(ByteWriter file)
    {
        Segment(file, 0xC4, [0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        Segment(file, 0xC4, [0x10, 0, 2, 1, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x02, 0x03, 0x00, 0x11, 0x04, 0x12, 0x21, 0xF0]);
        Segment(file, 0xC4, [0x11, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE0, 0x01]);
    }

    private static void Entropy(ByteWriter file, Random random, int count, int restartEvery)
    {
        for (int i = 0; i < count; i++)
        {
            byte value = (byte)random.Next(256);
            file.Bytes(value);
            if (value == 0xFF)
            {
                file.Bytes(0);
            }

            if (restartEvery > 0 && i % restartEvery == restartEvery - 1)
            {
                file.Bytes(0xFF, (byte)(0xD0 | random.Next(8)));
            }
        }
    }
}
