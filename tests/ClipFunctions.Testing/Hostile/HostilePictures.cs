using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using SkiaSharp;

namespace ClipFunctions.Testing.Hostile;

/// <summary>Files that somebody might upload to do harm: crafted ones, one for each known trick, and mutations of sound ones. The same for the same seed.</summary>
public static class HostilePictures
{
    /// <summary>What bombs unfold to in short tests.</summary>
    public const long FewPixels = 4_000_000;

    /// <summary>What bombs unfold to in long tests: as much as the default limit lets through.</summary>
    public const long MostPixels = 178_000_000;

    private const int DefaultSeed = 20261125;

    private static readonly Lazy<byte[]> Unfolding = new(() => PngFile.Pack(100_000_000));
    private static readonly Lazy<IReadOnlyList<HostilePicture>> Sound = new(() => [.. MakeSeeds()]);

    /// <summary>Sound files of every format and kind: what mutations are made of.</summary>
    public static IReadOnlyList<HostilePicture> Seeds => Sound.Value;

    /// <summary>The seed of the short tests: <c>CLIP_FAULT_SEED</c>, else always the same.</summary>
    public static int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable("CLIP_FAULT_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : DefaultSeed;

    /// <summary>22 KB that a decoder has to do with for half a minute.</summary>
    public static HostilePicture Slow { get; } = new("a progressive JPEG of 90 scans and 178 million pixels", JpegFile.ManyScans(16_000, 11_125, 90, [0x11]));

    /// <summary>All crafted files, then mutations until there are so many.</summary>
    /// <param name="seed">What the mutations are drawn from.</param>
    /// <param name="count">How many files.</param>
    /// <param name="bombPixels">Pixels that bombs unfold to.</param>
    public static IEnumerable<HostilePicture> All(int seed, int count, long bombPixels)
    {
        int number = 0;
        foreach (HostilePicture picture in Crafted(bombPixels).Take(count))
        {
            yield return picture;
            number++;
        }

        for (; number < count; number++)
        {
            yield return Mutation(seed, number);
        }
    }

    /// <summary>A sound or crafted file that was damaged: the same for the same seed and number.</summary>
    public static HostilePicture Mutation(int seed, int number)
    {
        Random random = new(HashCode(seed, number));
        HostilePicture origin = Seeds[number % Seeds.Count];
        byte[] file = origin.File;
        List<string> steps = [];
        for (int i = random.Next(3); i >= 0; i--)
        {
            (string step, file) = Mutate(file, random);
            steps.Add(step);
        }

        return new HostilePicture(string.Create(CultureInfo.InvariantCulture, $"mutation {number} of seed {seed}: {origin.Name}, {string.Join(", ", steps)}"), file);
    }

    /// <summary>One file for each known trick.</summary>
    /// <param name="bombPixels">Pixels that bombs unfold to.</param>
    public static IEnumerable<HostilePicture> Crafted(long bombPixels) =>
        [.. Bombs(bombPixels), .. Sizes(), .. Jpegs(), .. Pngs(), .. Gifs(), .. WebPs(), .. Bmps(), .. Metadata(), .. Polyglots(), .. Others()];

    private static int HashCode(int seed, int number) => unchecked((seed * 397) ^ (number * 1_000_003) ^ (number >> 7));

    /// <summary>Small files that unfold to much.</summary>
    /// <param name="pixels">How much.</param>
    public static IEnumerable<HostilePicture> Bombs(long pixels)
    {
        int width = (int)Math.Min(Math.Sqrt(pixels), 16_383);
        int height = (int)Math.Min(pixels / width, 16_383);
        long area = (long)width * height;
        (uint w, uint h) = ((uint)width, (uint)height);
        foreach ((int depth, int colour, int bits) in ((int, int, int)[])[(1, 0, 1), (8, 0, 8), (16, 0, 16), (8, 2, 24), (16, 2, 48), (8, 3, 8), (8, 4, 16), (8, 6, 32), (16, 6, 64)])
        {
            long bytes = (1 + ((long)width * bits + 7) / 8) * height;
            IEnumerable<(string, byte[])> palette = colour == 3 ? [("PLTE", [1, 2, 3, 4, 5, 6])] : [];
            yield return new($"PNG bomb, colour type {colour}, {depth} bits", PngFile.Make([PngFile.Header(w, h, depth, colour), .. palette, PngFile.Pixels(bytes), PngFile.End]), HostilePicture.Decodes);
        }

        yield return new("PNG bomb, interlaced", PngFile.Make(PngFile.Header(w, h, 8, 6, 1), PngFile.Pixels(area * 4 + 15L * height), PngFile.End), HostilePicture.Decodes);
        yield return new("PNG bomb, average filter", PngFile.Make(PngFile.Header(w, h, 8, 6), PngFile.Pixels((4L * width + 1) * height, 3), PngFile.End), HostilePicture.Decodes);
        yield return new("PNG whose pixels unfold to far more than it tells", PngFile.Make(PngFile.Header(16, 16, 8, 0), PngFile.Pixels(area * 4), PngFile.End), HostilePicture.Decodes);
        yield return new("GIF bomb", GifFile.Make(width, height, 2, [new GifFrame(width, height)]), HostilePicture.Decodes);
        yield return new("GIF bomb, interlaced", GifFile.Make(width, height, 2, [new GifFrame(width, height) { Interlaced = true }]), HostilePicture.Decodes);
        yield return new("GIF of clear codes alone", GifFile.Make(width, height, 2, [new GifFrame(width, height) { Codes = new ByteWriter().Repeat(0x24, 300_000).ToArray() }]), "Truncated");
        yield return new("WebP bomb, lossless", WebPFile.Make(WebPFile.Lossless(width, height)), HostilePicture.Decodes);
        yield return new("BMP bomb, RLE8", BmpFile.Make(width, height, 8, BmpFile.Runs(width, height), 1), HostilePicture.Decodes);
        yield return new("BMP bomb, rows that are skipped", BmpFile.Make(width, height, 8, BmpFile.Skips(height), 1), HostilePicture.Decodes);
        yield return new("JPEG bomb, next to no data", JpegFile.Make(new JpegOptions { Width = width, Height = height, Sampling = [0x22, 0x11, 0x11], EntropyBytes = 200 }), HostilePicture.Decodes);
        yield return new("CMYK JPEG bomb", JpegFile.Make(new JpegOptions { Width = width, Height = height, Sampling = [0x11, 0x11, 0x11, 0x11], EntropyBytes = 200 }), HostilePicture.Decodes);
        foreach (byte[] sampling in (byte[][])[[0x11], [0x22, 0x11, 0x11], [0x11, 0x11, 0x11, 0x11]])
        {
            yield return new($"progressive JPEG of 90 scans, {sampling.Length} components", JpegFile.ManyScans(width, height, 90, sampling), HostilePicture.Decodes);
            yield return new($"progressive JPEG of 101 scans, {sampling.Length} components", JpegFile.ManyScans(width, height, 101, sampling), "TooManyScans");
            yield return new($"progressive JPEG of 5000 scans, {sampling.Length} components", JpegFile.ManyScans(width, height, 5000, sampling), "TooManyScans");
        }

        yield return new("baseline JPEG that says one component 4000 times", JpegFile.Make(new JpegOptions
        {
            Width = width,
            Height = height,
            Sampling = [0x11, 0x11, 0x11],
            Scans = [new JpegScan { Components = [1], End = 63, Repeat = 4000 }],
        }), "TooManyScans");
    }

    private static IEnumerable<HostilePicture> Sizes()
    {
        foreach ((uint width, uint height, string outcome) in ((uint, uint, string)[])[
            (0, 0, "Corrupt"), (0, 16, "Corrupt"), (16, 0, "Corrupt"), (1, 65535, "SideRatio"), (65535, 1, "SideRatio"), (65535, 65535, "TooManyPixels"),
            (1, 10_001, "SideRatio"), (0x7FFFFFFF, 0x7FFFFFFF, "TooManyPixels"), (0xFFFFFFFF, 0xFFFFFFFF, "TooManyPixels"), (0x80000000, 1, "TooManyPixels"),
            (0x10000, 0x10000, "TooManyPixels"), (0xFFFFFFFF, 1, "TooManyPixels"), (1, 1, HostilePicture.Decodes)])
        {
            string size = string.Create(CultureInfo.InvariantCulture, $"of {width} × {height} pixels");
            yield return new($"PNG {size}", PngFile.Make(PngFile.Header(width, height, 8, 0), PngFile.Pixels(100_000), PngFile.End), outcome);
            yield return new($"interlaced PNG {size}", PngFile.Make(PngFile.Header(width, height, 8, 2, 1), PngFile.Pixels(100_000), PngFile.End), outcome);
            yield return new($"BMP {size}", BmpFile.Make((int)width, (int)height, 24, new byte[100]), width > int.MaxValue || height > int.MaxValue ? null : outcome);
            yield return new($"BMP of runs {size}", BmpFile.Make((int)width, -(int)height, 8, BmpFile.Skips(10), 1));
            if (width <= 65535 && height <= 65535)
            {
                foreach (int frame in (int[])[0xC0, 0xC2])
                {
                    foreach (byte[] sampling in (byte[][])[[0x11], [0x22, 0x11, 0x11], [0x11, 0x11, 0x11, 0x11]])
                    {
                        yield return new($"JPEG {frame:X2} of {sampling.Length} components {size}", JpegFile.Make(new JpegOptions { Width = (int)width, Height = (int)height, Frame = frame, Sampling = sampling }), frame == 0xC0 ? outcome : null);
                    }
                }

                yield return new($"GIF {size}", GifFile.Make((int)width, (int)height, 2, [new GifFrame((int)width, (int)height) { Pixels = 100 }]), outcome == HostilePicture.Decodes ? outcome : null);
                yield return new($"GIF whose frame is {size}", GifFile.Make(16, 16, 2, [new GifFrame((int)width, (int)height) { Pixels = 100 }]));
                yield return new($"GIF with a frame far out on a screen {size}", GifFile.Make((int)width, (int)height, 2, [new GifFrame(16, 16) { X = 65535, Y = 65535 }]), "TooManyPixels");
            }

            if (width is > 0 and <= 1 << 24 && height is > 0 and <= 1 << 24)
            {
                yield return new($"WebP header {size}", WebPFile.Make(WebPFile.Header((int)width, (int)height), WebPFile.Lossless(16, 16)));
            }
        }

        yield return new("GIF whose frame's data ends early", GifFile.Make(64, 64, 2, [new GifFrame(64, 64) { Pixels = 1000 }]), "Truncated");
        yield return new("GIF whose frame has too much data", GifFile.Make(64, 64, 2, [new GifFrame(64, 64) { Pixels = 100_000 }]), HostilePicture.Decodes);
        yield return new("WebP, lossless, of 16384 × 16384", WebPFile.Make(WebPFile.Lossless(16384, 16384)), "TooManyPixels");
        yield return new("WebP, lossless, of 16384 × 1", WebPFile.Make(WebPFile.Lossless(16384, 1)), "SideRatio");
    }

    private static IEnumerable<HostilePicture> Jpegs()
    {
        foreach ((int frame, string? outcome) in ((int, string?)[])[(0xC1, null), (0xC3, null), (0xC5, null), (0xC6, null), (0xC7, null), (0xC9, null), (0xCA, null), (0xCB, null), (0xCD, null), (0xCE, null), (0xCF, null)])
        {
            foreach (int components in (int[])[1, 3, 4])
            {
                yield return new($"JPEG of the kind SOF{frame - 0xC0}, {components} components", JpegFile.Make(new JpegOptions { Frame = frame, Sampling = [.. Enumerable.Repeat((byte)0x11, components)] }), outcome);
            }
        }

        foreach (byte precision in (byte[])[0, 2, 7, 9, 12, 16, 255])
        {
            yield return new($"JPEG of {precision} bits", JpegFile.Make(new JpegOptions { Precision = precision }), "UnsupportedFormat");
        }

        foreach (int components in (int[])[0, 2, 5, 10, 255])
        {
            yield return new($"JPEG of {components} components", JpegFile.Make(new JpegOptions { Sampling = [.. Enumerable.Repeat((byte)0x11, components)] }));
        }

        foreach (int frame in (int[])[0xC0, 0xC2])
        {
            foreach (byte[] sampling in (byte[][])[
                [0x41], [0x44], [0x14], [0x00], [0xFF], [0x50], [0x21, 0x11, 0x11], [0x12, 0x11, 0x11], [0x41, 0x11, 0x11], [0x14, 0x11, 0x11], [0x44, 0x11, 0x11], [0x11, 0x22, 0x11],
                [0x31, 0x11, 0x11], [0x33, 0x11, 0x11], [0x32, 0x21, 0x13], [0x42, 0x21, 0x12], [0x22, 0x22, 0x22], [0x24, 0x42, 0x11], [0x44, 0x44, 0x44], [0x11, 0x44, 0x11],
                [0x22, 0x11, 0x11, 0x22], [0x11, 0x11, 0x11, 0x44], [0x33, 0x12, 0x21, 0x11], [0x22, 0x22, 0x22, 0x22], [0x41, 0x14, 0x22, 0x33]])
            {
                foreach ((int width, int height) in ((int, int)[])[(64, 48), (17, 33), (1, 1), (3, 200)])
                {
                    yield return new(
                        $"JPEG {frame:X2}, {width} × {height}, sampled {Convert.ToHexString(sampling)}",
                        JpegFile.Make(new JpegOptions
                        {
                            Width = width,
                            Height = height,
                            Frame = frame,
                            Sampling = sampling,
                            Scans = frame == 0xC0 ? [] : Progressive(sampling.Length),
                        }));
                }
            }
        }

        foreach (byte? adobe in (byte?[])[null, 0, 1, 2, 3, 255])
        {
            foreach (int components in (int[])[1, 3, 4])
            {
                yield return new($"JPEG of {components} components, Adobe {adobe?.ToString(CultureInfo.InvariantCulture) ?? "none"}", JpegFile.Make(new JpegOptions { Adobe = adobe, Sampling = [.. Enumerable.Repeat((byte)0x11, components)] }), HostilePicture.Decodes);
            }
        }

        foreach (int components in (int[])[1, 3, 4])
        {
            byte[] sampling = [.. Enumerable.Repeat((byte)0x11, components)];
            JpegOptions options = new() { Sampling = sampling };
            yield return new($"JPEG without quantisation tables, {components} components", JpegFile.Make(options with { QuantizationTables = false }));
            yield return new($"JPEG without Huffman tables, {components} components", JpegFile.Make(options with { HuffmanTables = false }));
            yield return new($"JPEG without any data, {components} components", JpegFile.Make(options with { EntropyBytes = 0 }));
            yield return new($"JPEG with two frames, {components} components", JpegFile.Make(options with { BeforeFrame = Frame(1000, 1000, sampling) }));
            yield return new($"JPEG with a small frame first, {components} components", JpegFile.Make(options with { Width = 2000, Height = 2000, BeforeFrame = Frame(8, 8, sampling) }));
            yield return new($"JPEG with another number of components first, {components} components", JpegFile.Make(options with { BeforeFrame = Frame(64, 48, [0x11, 0x11, 0x11, 0x11, 0x11, 0x11]) }));
            yield return new($"JPEG whose scan names components that are not there, {components}", JpegFile.Make(options with { Scans = [new JpegScan { Components = [9, 8, 7], End = 63, RandomBytes = 100 }] }));
            yield return new($"JPEG whose scan names a component twice, {components}", JpegFile.Make(options with { Scans = [new JpegScan { Components = [1, 1], End = 63, RandomBytes = 100 }] }));
            yield return new($"JPEG whose scan has no components, {components}", JpegFile.Make(options with { Scans = [new JpegScan { Components = [], End = 63, RandomBytes = 100 }] }));
            yield return new($"progressive JPEG that refines what never came, {components}", JpegFile.Make(options with { Frame = 0xC2, Scans = [new JpegScan { Components = [1], Start = 1, End = 63, High = 5, Low = 4, RandomBytes = 500 }] }));
            yield return new($"progressive JPEG whose band is upside down, {components}", JpegFile.Make(options with { Frame = 0xC2, Scans = [new JpegScan { Components = [1], Start = 60, End = 3, RandomBytes = 500 }] }));
            yield return new($"progressive JPEG whose band leaves the block, {components}", JpegFile.Make(options with { Frame = 0xC2, Scans = [new JpegScan { Components = [1], Start = 1, End = 255, RandomBytes = 500 }] }));
            yield return new($"progressive JPEG without a DC scan, {components}", JpegFile.Make(options with { Frame = 0xC2, Scans = [new JpegScan { Components = [1], Start = 1, End = 63, RandomBytes = 500 }] }));
            yield return new($"progressive JPEG, {components} components", JpegFile.Make(options with { Frame = 0xC2, Scans = Progressive(components) }), HostilePicture.Decodes);
            foreach (int interval in (int[])[0, 1, 2, 7, 65535])
            {
                for (int seed = 1; seed <= 3; seed++)
                {
                    yield return new($"JPEG with restarts in disorder, every {interval}, {components} components, {seed}", JpegFile.Make(options with { RestartInterval = interval, Seed = seed }));
                }
            }
        }

        ByteWriter tables = new();
        for (int i = 0; i < 20_000; i++)
        {
            JpegFile.Segment(tables, 0xC4, [0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        }

        yield return new("JPEG with 20,000 Huffman tables", JpegFile.Make(new JpegOptions { BeforeFrame = tables.ToArray() }), HostilePicture.Decodes);
        yield return new("JPEG with an impossible Huffman table", JpegFile.Make(new JpegOptions { BeforeFrame = Segment(0xC4, [0x00, .. Enumerable.Repeat((byte)255, 16), .. new byte[300]]) }));
        yield return new("JPEG with an overfull Huffman table", JpegFile.Make(new JpegOptions { BeforeFrame = Segment(0xC4, [0x00, 4, .. new byte[15], 0, 1, 2, 3]) }));
        yield return new("JPEG with a Huffman table of number 15", JpegFile.Make(new JpegOptions { BeforeFrame = Segment(0xC4, [0x1F, 1, .. new byte[15], 0]) }));
        yield return new("JPEG with a quantisation table of number 15", JpegFile.Make(new JpegOptions { BeforeFrame = Segment(0xDB, [0x0F, .. new byte[64]]) }));
        yield return new("JPEG with quantisation by zero", JpegFile.Make(new JpegOptions { QuantizationTables = false, BeforeFrame = Segment(0xDB, [0x00, .. new byte[64]]) }));
        yield return new("JPEG with 3 MB of fill bytes", JpegFile.Make(new JpegOptions { BeforeFrame = new ByteWriter().Repeat(0xFF, 3_000_000).ToArray() }));
        yield return new("JPEG with 3 MB of junk before its frame", JpegFile.Make(new JpegOptions { BeforeFrame = new ByteWriter().Repeat(0x41, 3_000_000).ToArray() }));
        yield return new("JPEG of its first marker alone", [0xFF, 0xD8, 0xFF], "Truncated");
        yield return new("JPEG that ends at once", [0xFF, 0xD8, 0xFF, 0xD9], "Truncated");
        yield return new("JPEG whose segment is shorter than its length", [0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 0, 0], "Truncated");
        yield return new("JPEG whose segment has a length of zero", [0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0]);
        yield return new("JPEG of 100,000 pictures one inside the other", new ByteWriter().Bytes([.. Enumerable.Repeat<byte[]>([0xFF, 0xD8], 100_000).SelectMany(b => b)]).ToArray());
    }

    private static IEnumerable<HostilePicture> Pngs()
    {
        byte[] rows = new byte[17 * 16];
        (string, byte[]) header = PngFile.Header(16, 16, 8, 0);
        (string, byte[]) pixels = PngFile.Pixels(rows);
        for (int depth = 0; depth <= 16; depth++)
        {
            for (int colour = 0; colour < 8; colour++)
            {
                yield return new($"PNG of {depth} bits, colour type {colour}", PngFile.Make(PngFile.Header(16, 16, depth, colour, depth % 3), PngFile.Pixels(4000), PngFile.End));
            }
        }

        for (int filter = 0; filter < 8; filter++)
        {
            yield return new($"PNG with filter {filter}", PngFile.Make(PngFile.Header(64, 64, 8, 6), PngFile.Pixels(257 * 64, (byte)filter), PngFile.End));
        }

        yield return new("PNG with a palette of 257 colours", PngFile.Make(PngFile.Header(16, 16, 8, 3), ("PLTE", new byte[257 * 3]), pixels, PngFile.End), "Corrupt");
        yield return new("PNG with a palette of 3 MB", PngFile.Make(PngFile.Header(16, 16, 8, 3), ("PLTE", new byte[3_000_000]), pixels, PngFile.End), "Corrupt");
        yield return new("PNG with a palette of one byte", PngFile.Make(PngFile.Header(16, 16, 8, 3), ("PLTE", [1]), pixels, PngFile.End));
        yield return new("PNG without a palette", PngFile.Make(PngFile.Header(16, 16, 8, 3), pixels, PngFile.End));
        yield return new("PNG whose pixels leave the palette", PngFile.Make(PngFile.Header(16, 16, 8, 3), ("PLTE", [1, 2, 3]), PngFile.Pixels([.. Enumerable.Repeat<byte[]>([0, .. Enumerable.Repeat((byte)255, 16)], 16).SelectMany(r => r)]), PngFile.End), HostilePicture.Decodes);
        yield return new("PNG with 30,000 palettes", PngFile.Make([PngFile.Header(16, 16, 8, 3), .. Enumerable.Repeat(("PLTE", new byte[] { 1, 2, 3 }), 30_000), pixels, PngFile.End]), HostilePicture.Decodes);
        yield return new("PNG with a text of 5 MB", PngFile.Make(header, ("tEXt", [.. "Comment\0"u8, .. new ByteWriter().Repeat(0x41, 5_000_000).ToArray()]), pixels, PngFile.End), HostilePicture.Decodes);
        yield return new("PNG with a zTXt bomb", PngFile.Make(header, ("zTXt", [.. "Comment\0\0"u8, .. Unfolding.Value]), pixels, PngFile.End), HostilePicture.Decodes);
        yield return new("PNG with an iTXt bomb", PngFile.Make(header, ("iTXt", [.. "Comment\0\u0001\0\0\0"u8, .. Unfolding.Value]), pixels, PngFile.End), HostilePicture.Decodes);
        yield return new("PNG with an iCCP bomb", PngFile.Make(header, ("iCCP", [.. "Profile\0\0"u8, .. Unfolding.Value]), pixels, PngFile.End), HostilePicture.Decodes);
        yield return new("PNG with an iCCP of junk", PngFile.Make(header, ("iCCP", [.. Enumerable.Range(0, 2000).Select(i => (byte)(i * 37))]), pixels, PngFile.End), HostilePicture.Decodes);
        yield return new("PNG with 100,000 texts", PngFile.Make([header, .. Enumerable.Repeat(("tEXt", new byte[] { 65, 0, 66 }), 100_000), pixels, PngFile.End]), HostilePicture.Decodes);
        yield return new("PNG with its pixels in 50,000 chunks", PngFile.Make([header, .. Enumerable.Repeat(("IDAT", Array.Empty<byte>()), 50_000), pixels, PngFile.End]));
        yield return new("PNG with pixels byte by byte", PngFile.Make([header, .. pixels.Item2.Select(b => ("IDAT", new[] { b })), PngFile.End]), HostilePicture.Decodes);
        yield return new("PNG with no pixels", PngFile.Make(header, PngFile.End), "Corrupt");
        yield return new("PNG with pixels of no bytes", PngFile.Make(header, ("IDAT", []), PngFile.End), "Truncated");
        yield return new("PNG with pixels that are no zlib", PngFile.Make(header, ("IDAT", [1, 2, 3, 4, 5, 6, 7, 8]), PngFile.End));
        yield return new("PNG with too few pixels", PngFile.Make(header, PngFile.Pixels(20), PngFile.End));
        yield return new("PNG without a header", PngFile.Make(pixels, PngFile.End), "Corrupt");
        yield return new("PNG without anything", PngFile.Make(), "Truncated");
        yield return new("PNG whose header comes twice, larger first", PngFile.Make(PngFile.Header(1000, 1000, 8, 6), header, pixels, PngFile.End));
        yield return new("PNG whose header comes twice, smaller first", PngFile.Make(header, PngFile.Header(1000, 1000, 8, 6), pixels, PngFile.End));
        yield return new("PNG whose header comes behind its palette", PngFile.Make(PngFile.Header(16, 16, 8, 3), ("PLTE", [1, 2, 3]), header, pixels, PngFile.End));
        yield return new("PNG whose header shrinks behind a frame", PngFile.Make(PngFile.Header(1000, 1000, 8, 0), PngFile.Frame(0, 1000, 1000, 0, 0), header, PngFile.Pixels(2_000_000), PngFile.End));
        yield return new("PNG whose header shrinks behind a frame that lies far out", PngFile.Make(PngFile.Header(1000, 1000, 8, 0), PngFile.Frame(0, 10, 10, 990, 990), header, PngFile.Pixels(2_000_000), PngFile.End));
        yield return new("PNG whose header turns behind a frame", PngFile.Make(PngFile.Header(2000, 10, 8, 6), PngFile.Frame(0, 2000, 10, 0, 0), PngFile.Header(10, 2000, 8, 6), PngFile.Pixels(2_000_000), PngFile.End));
        yield return new("PNG with a frame of no pixels", PngFile.Make(header, PngFile.Frame(0, 0, 0, 0, 0), pixels, PngFile.End));
        yield return new("PNG with a frame that leaves it", PngFile.Make(header, PngFile.Frame(0, 16, 16, 1, 1), pixels, PngFile.End), "Corrupt");
        yield return new("PNG with a frame whose place overflows", PngFile.Make(header, PngFile.Frame(0, 16, 16, 0xFFFFFFFF, 0xFFFFFFF0), pixels, PngFile.End), "Corrupt");
        yield return new("PNG with a frame inside", PngFile.Make(header, ("acTL", [0, 0, 0, 1, 0, 0, 0, 0]), PngFile.Frame(0, 4, 4, 8, 8), PngFile.Pixels(1000), PngFile.End), HostilePicture.Decodes);
        yield return new("interlaced PNG with a frame inside", PngFile.Make(PngFile.Header(16, 16, 8, 0, 1), ("acTL", [0, 0, 0, 1, 0, 0, 0, 0]), PngFile.Frame(0, 4, 4, 8, 8), PngFile.Pixels(1000), PngFile.End));
        yield return new("PNG with 4,000,000,000 frames", PngFile.Make(header, ("acTL", [0xEE, 0, 0, 0, 0, 0, 0, 0]), pixels, PngFile.End));
        yield return new("PNG with 2,000,000,000 frames", PngFile.Make(header, ("acTL", [0x7F, 0, 0, 0, 0, 0, 0, 0]), pixels, PngFile.End), "TooManyFrames");
        byte[] file = PngFile.Make(header, pixels, PngFile.End);
        foreach (uint length in (uint[])[0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF4, 12, 14])
        {
            foreach (int chunk in (int[])[8, 33])
            {
                byte[] wrong = [.. file];
                BinaryPrimitives.WriteUInt32BigEndian(wrong.AsSpan(chunk), length);
                yield return new($"PNG whose chunk at {chunk} tells a length of {length:X8}", wrong);
            }
        }

        yield return new("PNG with a wrong checksum", [.. file.AsSpan(0, 29), 0, 0, 0, 0, .. file.AsSpan(33)], "Corrupt");
    }

    private static IEnumerable<HostilePicture> Gifs()
    {
        yield return new("GIF of 10,000 frames without delay", GifFile.Make(2, 2, 2, Enumerable.Repeat(new GifFrame(2, 2), 10_000)), HostilePicture.Decodes);
        yield return new("GIF of 10,001 frames", GifFile.Make(2, 2, 2, Enumerable.Repeat(new GifFrame(2, 2), 10_001)), "TooManyFrames");
        yield return new("GIF of 200,000 frames", GifFile.Make(2, 2, 2, Enumerable.Repeat(new GifFrame(2, 2), 200_000)), "TooManyFrames");
        yield return new("GIF with a frame out of its screen", GifFile.Make(16, 16, 2, [new GifFrame(16, 16) { X = 2000, Y = 1000 }]), HostilePicture.Decodes);
        yield return new("GIF with a later frame out of its screen", GifFile.Make(16, 16, 2, [new GifFrame(16, 16), new GifFrame(60_000, 60_000) { X = 60_000, Y = 60_000, Pixels = 10 }]), HostilePicture.Decodes);
        yield return new("GIF without frames", GifFile.Make(16, 16, 2, []), "Corrupt");
        yield return new("GIF with a frame of no pixels", GifFile.Make(16, 16, 2, [new GifFrame(0, 0)]));
        yield return new("GIF with a frame of no height", GifFile.Make(16, 16, 2, [new GifFrame(16, 0)]));
        yield return new("GIF with a frame of no width, off the edge", GifFile.Make(16, 16, 2, [new GifFrame(0, 16) { X = 5 }]));
        yield return new("GIF with a frame of no width, below", GifFile.Make(16, 16, 2, [new GifFrame(0, 16) { Y = 5, Pixels = 1000 }]));
        for (int size = 0; size <= 13; size++)
        {
            yield return new($"GIF whose codes begin with {size} bits", GifFile.Make(32, 32, 8, [new GifFrame(32, 32) { CodeSize = (byte)size, Codes = size is > 0 and < 11 ? null : [1, 2, 3, 4, 5, 6, 7, 8] }]));
        }

        yield return new("GIF whose codes name what is not there", GifFile.Make(32, 32, 2, [new GifFrame(32, 32) { Codes = [0xFF, 0xFF, 0xFF, 0xFF] }]));
        yield return new("GIF of random codes", GifFile.Make(200, 200, 8, [new GifFrame(200, 200) { CodeSize = 8, Codes = Drawn(3, 30_000) }]));
        yield return new("GIF with 2 MB of comments", new ByteWriter().Text("GIF89a").Little16(4).Little16(4).Bytes(0, 0, 0).Bytes([.. Enumerable.Repeat<byte[]>([(byte)'!', 0xFE, 1, 65, 0], 400_000).SelectMany(b => b)]).ToArray(), "Truncated");
        yield return new("GIF with an empty graphic control", new ByteWriter().Text("GIF89a").Little16(4).Little16(4).Bytes(0, 0, 0, (byte)'!', 0xF9, 0).ToArray(), "Corrupt");
        yield return new("GIF of its header alone", "GIF89a"u8.ToArray(), "Truncated");
        yield return new("GIF whose palette is cut", new ByteWriter().Text("GIF89a").Little16(4).Little16(4).Bytes(0x87, 0, 0, 1, 2, 3).ToArray(), "Truncated");
    }

    private static IEnumerable<HostilePicture> WebPs()
    {
        byte[] sound = Encode(SKEncodedImageFormat.Webp, 48, 32, 60);
        yield return new("WebP, lossless, one colour", WebPFile.Make(WebPFile.Lossless(100, 80)), HostilePicture.Decodes);
        yield return new("WebP whose header tells another size", WebPFile.Make(WebPFile.Header(16, 16), WebPFile.Lossless(100, 80)), "Corrupt");
        yield return new("WebP animation of 10,000 frames", WebPFile.Make([WebPFile.Header(16, 16, 2), ("ANIM", new byte[6]), .. Enumerable.Repeat(WebPFile.Frame(0, 0, 16, 16), 10_000)]));
        yield return new("WebP animation of 10,001 frames", WebPFile.Make([WebPFile.Header(16, 16, 2), ("ANIM", new byte[6]), .. Enumerable.Repeat(WebPFile.Frame(0, 0, 16, 16), 10_001)]), "TooManyFrames");
        yield return new("WebP animation with a frame out of its screen", WebPFile.Make(WebPFile.Header(16, 16, 2), ("ANIM", new byte[6]), WebPFile.Frame(8, 8, 16, 16)));
        yield return new("WebP animation with a frame far larger than its screen", WebPFile.Make(WebPFile.Header(16, 16, 2), ("ANIM", new byte[6]), WebPFile.Frame(0, 0, 16000, 16000)));
        yield return new("WebP animation without frames", WebPFile.Make(WebPFile.Header(16, 16, 2), ("ANIM", new byte[6])), "Corrupt");
        yield return new("WebP animation with an empty frame", WebPFile.Make(WebPFile.Header(16, 16, 2), ("ANIM", new byte[6]), ("ANMF", [])));
        yield return new("WebP with alpha that is junk", WebPFile.Make(WebPFile.Header(48, 32, 16), ("ALPH", Drawn(5, 500)), ("VP8 ", sound[20..])));
        yield return new("WebP with 100,000 empty chunks", WebPFile.Make([WebPFile.Header(16, 16), .. Enumerable.Repeat(("XXXX", Array.Empty<byte>()), 100_000), WebPFile.Lossless(16, 16)]));
        yield return new("WebP with an ICC profile of junk", WebPFile.Make(WebPFile.Header(16, 16, 32), ("ICCP", Drawn(4, 10_000)), WebPFile.Lossless(16, 16)));
        yield return new("WebP of two pictures", WebPFile.Make(WebPFile.Header(16, 16), WebPFile.Lossless(16, 16), WebPFile.Lossless(2000, 2000)));
        yield return new("WebP, lossless, of drawn bits", WebPFile.Make(("VP8L", [0x2F, 0x3F, 0xC0, 0x0F, 0, .. Drawn(6, 5000)])));
        yield return new("WebP, lossy, of drawn bits", WebPFile.Make(("VP8 ", [0x10, 0x40, 0, 0x9D, 0x01, 0x2A, 64, 0, 64, 0, .. Drawn(7, 5000)])));
        yield return new("WebP, lossy, without bits", WebPFile.Make(("VP8 ", [0x10, 0x40, 0, 0x9D, 0x01, 0x2A, 64, 0, 64, 0])));
        yield return new("WebP without chunks", WebPFile.Make(), "Corrupt");
        foreach (uint length in (uint[])[0, 4, 11, 12, 0x7FFFFFFF, 0xFFFFFFFF])
        {
            byte[] wrong = [.. sound];
            BinaryPrimitives.WriteUInt32LittleEndian(wrong.AsSpan(4), length);
            yield return new($"WebP that tells a length of {length:X8}", wrong);
            wrong = [.. sound];
            BinaryPrimitives.WriteUInt32LittleEndian(wrong.AsSpan(16), length);
            yield return new($"WebP whose chunk tells a length of {length:X8}", wrong);
        }
    }

    private static IEnumerable<HostilePicture> Bmps()
    {
        foreach (int bits in (int[])[0, 1, 2, 3, 4, 8, 16, 24, 32, 64, 65535])
        {
            for (uint compression = 0; compression <= 6; compression++)
            {
                yield return new($"BMP of {bits} bits, compression {compression}", BmpFile.Make(16, 16, bits, Drawn(bits, 2000), compression, palette: bits > 8 ? [0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0] : [.. Enumerable.Repeat((byte)77, 4 << Math.Min(bits, 8))]));
            }
        }

        foreach (uint colours in (uint[])[1, 255, 257, 65536, 65537, 0x40000000, 0xFFFFFFFF])
        {
            yield return new($"BMP with a palette of {colours} colours", BmpFile.Make(16, 16, 8, new byte[256], 0, colours));
            yield return new($"BMP with a gray palette of {colours} colours", BmpFile.Make(16, 16, 4, new byte[256], 0, colours, [.. Enumerable.Range(0, 256).SelectMany(i => new byte[] { (byte)i, (byte)i, (byte)i, 0 })]));
        }

        byte[] file = BmpFile.Make(16, 16, 24, new byte[768]);
        foreach (uint value in (uint[])[0, 1, 13, 41, 56, 63, 0x7FFFFFFF, 0xFFFFFFFF])
        {
            foreach (int at in (int[])[2, 10, 14])
            {
                byte[] wrong = [.. file];
                BinaryPrimitives.WriteUInt32LittleEndian(wrong.AsSpan(at), value);
                yield return new($"BMP with {value:X8} at {at}", wrong);
            }
        }

        yield return new("BMP of runs that never end a row", BmpFile.Make(64, 64, 8, new ByteWriter().Repeat(0xFF, 100_000).ToArray(), 1));
        yield return new("BMP of runs of length zero", BmpFile.Make(64, 64, 8, new ByteWriter().Repeat(0, 2_000_000).ToArray(), 1));
        yield return new("BMP of moves out of the picture", BmpFile.Make(64, 64, 8, [.. Enumerable.Repeat<byte[]>([0, 2, 255, 255, 255, 255], 10_000).SelectMany(b => b)], 1));
        yield return new("BMP of RLE4 drawn", BmpFile.Make(64, 64, 4, Drawn(9, 5000), 2));
        yield return new("BMP of RLE8 drawn", BmpFile.Make(64, 64, 8, Drawn(10, 5000), 1));
        yield return new("BMP of two bytes", "BM"u8.ToArray(), "Truncated");
    }

    private static IEnumerable<HostilePicture> Metadata()
    {
        byte[] jpeg = Encode(SKEncodedImageFormat.Jpeg, 48, 32, 90);
        foreach (int orientation in (int[])[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 65535])
        {
            yield return With($"EXIF orientation {orientation}", Ifd(8, Entry(0x0112, 3, 1, (uint)orientation << 16)));
            yield return With($"EXIF orientation {orientation} of the wrong type", Ifd(8, Entry(0x0112, 4, 1, (uint)orientation)));
        }

        yield return With("EXIF with a directory that is its own next", [.. Ifd(8, Entry(0x0112, 3, 1, 6u << 16)).AsSpan(0, 22), 0, 0, 0, 8]);
        yield return With("EXIF with a directory that holds itself", Ifd(8, Entry(0x8769, 4, 1, 8), Entry(0x8825, 4, 1, 8), Entry(0x0112, 3, 1, 3u << 16)));
        yield return With("EXIF with 65535 entries", new ByteWriter().Text("MM\0*").Big32(8).Big16(65535).Repeat(1, 1000).ToArray());
        yield return With("EXIF with a count of 4,000,000,000", Ifd(8, Entry(0x0112, 3, 0xFFFFFFF0, 8)));
        yield return With("EXIF whose directory lies outside", Ifd(0xFFFFFFF0, Entry(0x0112, 3, 1, 6u << 16)));
        yield return With("EXIF whose directory lies in its header", Ifd(0, Entry(0x0112, 3, 1, 6u << 16)));
        yield return With("EXIF of nothing", []);
        yield return With("EXIF of one byte", [0x4D]);
        yield return With("EXIF of junk", Drawn(11, 60_000));
        ByteWriter profiles = new();
        for (int i = 1; i <= 255; i++)
        {
            JpegFile.Segment(profiles, 0xE2, [.. "ICC_PROFILE\0"u8, (byte)i, 255, .. Drawn(i, 2000)]);
        }

        yield return new("JPEG with an ICC profile of junk in 255 parts", [0xFF, 0xD8, .. profiles.ToArray(), .. jpeg.AsSpan(2)], HostilePicture.Decodes);
        yield return new("JPEG with part 0 of 0 of an ICC profile", [0xFF, 0xD8, .. Segment(0xE2, [.. "ICC_PROFILE\0"u8, 0, 0, 1, 2, 3]), .. jpeg.AsSpan(2)], HostilePicture.Decodes);
        yield return new("JPEG with 300 EXIF blocks", [0xFF, 0xD8, .. Enumerable.Repeat(JpegFile.Exif(Ifd(8, Entry(0x0112, 3, 1, 6u << 16))), 300).SelectMany(b => b), .. jpeg.AsSpan(2)], HostilePicture.Decodes);
        yield return new("JPEG with MPF, XMP and Photoshop junk", [0xFF, 0xD8, .. Segment(0xE2, [.. "MPF\0"u8, .. Drawn(1, 500)]), .. Segment(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. Drawn(2, 500)]), .. Segment(0xED, [.. "Photoshop 3.0\0"u8, .. Drawn(3, 500)]), .. jpeg.AsSpan(2)], HostilePicture.Decodes);
        yield return new("PNG with EXIF that is cyclic", PngFile.Make(PngFile.Header(8, 8, 8, 0), ("eXIf", [.. Ifd(8, Entry(0x0112, 3, 1, 6u << 16)).AsSpan(0, 22), 0, 0, 0, 8]), PngFile.Pixels(72), PngFile.End), HostilePicture.Decodes);
        yield return new("PNG with EXIF of nothing", PngFile.Make(PngFile.Header(8, 8, 8, 0), ("eXIf", []), PngFile.Pixels(72), PngFile.End), HostilePicture.Decodes);

        HostilePicture With(string name, ReadOnlySpan<byte> tiff) => new($"JPEG with {name}", [0xFF, 0xD8, .. JpegFile.Exif(tiff), .. jpeg.AsSpan(2)], HostilePicture.Decodes);
    }

    private static IEnumerable<HostilePicture> Polyglots()
    {
        byte[] jpeg = Encode(SKEncodedImageFormat.Jpeg, 48, 32, 90);
        byte[] png = Encode(SKEncodedImageFormat.Png, 48, 32, 90);
        byte[] zip = [.. "PK\u0003\u0004"u8, .. Drawn(1, 300), .. "PK\u0005\u0006"u8, .. new byte[18]];
        yield return new("JPEG that is a ZIP, too", [.. jpeg, .. zip], HostilePicture.Decodes);
        yield return new("JPEG with a ZIP in its comment", [0xFF, 0xD8, .. Segment(0xFE, zip), .. jpeg.AsSpan(2)], HostilePicture.Decodes);
        yield return new("PNG that is HTML, too", [.. png, .. "<html><script>alert(1)</script></html>"u8], HostilePicture.Decodes);
        yield return new("PNG with HTML in its text", PngFile.Make([PngFile.Chunks(png)[0], ("tEXt", [.. "Title\0<script>alert(1)</script>"u8]), .. PngFile.Chunks(png)[1..]]), HostilePicture.Decodes);
        yield return new("GIF that is JavaScript, too", [.. "GIF89a/*"u8, .. new byte[5], .. "*/=1;alert(1);"u8]);
        yield return new("BMP that is a script, too", [.. "BM=1;alert(1)/*"u8, .. new byte[200]]);
        yield return new("JPEG with PHP behind it", [.. jpeg, .. "<?php system($_GET['c']); ?>"u8], HostilePicture.Decodes);
        yield return new("JPEG with a PNG behind it", [.. jpeg, .. png], HostilePicture.Decodes);
        yield return new("PNG with a JPEG behind it", [.. png, .. jpeg], HostilePicture.Decodes);
        yield return new("PDF with a JPEG inside", [.. "%PDF-1.7\n"u8, .. jpeg], "UnsupportedFormat");
        yield return new("JPEG behind a byte order mark", [0xEF, 0xBB, 0xBF, .. jpeg], "UnsupportedFormat");
        yield return new("JPEG with 8 MB behind it", [.. jpeg, .. new byte[8_000_000]], HostilePicture.Decodes);
    }

    private static IEnumerable<HostilePicture> Others()
    {
        yield return new("nothing", [], "Empty");
        yield return new("one zero", [0], "UnsupportedFormat");
        yield return new("a script", "#!/bin/sh\nrm -rf /\n"u8.ToArray(), "UnsupportedFormat");
        yield return new("SVG with entities that multiply", Encoding.UTF8.GetBytes("<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'>&b;</svg>"), "UnsupportedFormat");
        yield return new("ImageMagick's language", "push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://127.0.0.1/x.jpg\"|id\")'\npop graphic-context"u8.ToArray(), "UnsupportedFormat");
        yield return new("TIFF with a directory that is its own next", [.. "MM\0*"u8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 8], "UnsupportedFormat");
        yield return new("AVIF", [0, 0, 0, 0x1C, .. "ftypavif"u8, .. new byte[100]], "UnsupportedFormat");
        yield return new("HEIF", [0, 0, 0, 0x1C, .. "ftypheic"u8, .. new byte[100]], "UnsupportedFormat");
        yield return new("JPEG XL", [0xFF, 0x0A, .. new byte[100]], "UnsupportedFormat");
        yield return new("ICO", [0, 0, 1, 0, .. new byte[100]], "UnsupportedFormat");
        yield return new("a ZIP", [.. "PK\u0003\u0004"u8, .. new byte[100]], "UnsupportedFormat");
        yield return new("1 MB of drawn bytes", Drawn(1, 1 << 20), "UnsupportedFormat");
        for (int i = 0; i < 256; i++)
        {
            yield return new($"drawn bytes, {i}", Drawn(1000 + i, i * 5));
        }
    }

    private static IEnumerable<HostilePicture> MakeSeeds()
    {
        yield return new("JPEG", Encode(SKEncodedImageFormat.Jpeg, 60, 45, 90));
        yield return new("PNG", Encode(SKEncodedImageFormat.Png, 33, 21, 90));
        yield return new("lossy WebP", Encode(SKEncodedImageFormat.Webp, 50, 40, 60));
        yield return new("lossless WebP", Encode(SKEncodedImageFormat.Webp, 40, 30, 100));
        yield return new("extended WebP", WebPFile.Make(WebPFile.Header(40, 30, 8), WebPFile.Lossless(40, 30), ("EXIF", Ifd(8, Entry(0x0112, 3, 1, 6u << 16)))));
        yield return new("animated WebP", WebPFile.Make(WebPFile.Header(40, 30, 2), ("ANIM", new byte[6]), WebPFile.Frame(0, 0, 40, 30), WebPFile.Frame(0, 0, 40, 30)));
        yield return new("animated GIF", GifFile.Make(30, 20, 3, [new GifFrame(30, 20), new GifFrame(10, 10) { X = 5, Y = 5 }]));
        yield return new("interlaced GIF", GifFile.Make(30, 20, 8, [new GifFrame(30, 20) { CodeSize = 8, Interlaced = true }]));
        yield return new("BMP, 4 bits", BmpFile.Make(13, 5, 4, Drawn(1, 40)));
        yield return new("BMP, 24 bits", BmpFile.Make(16, 16, 24, Drawn(2, 768)));
        yield return new("BMP, RLE8", BmpFile.Make(40, 30, 8, BmpFile.Runs(40, 30), 1));
        yield return new("palette PNG", PngFile.Make(PngFile.Header(9, 3, 4, 3), ("PLTE", [1, 2, 3, 4, 5, 6]), PngFile.Pixels([0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6, 2, 3, 4, 5, 6, 7]), PngFile.End));
        yield return new("interlaced PNG, 16 bits", PngFile.Make(PngFile.Header(20, 20, 16, 6, 1), PngFile.Pixels(Drawn(3, 8 * 400 + 100).Select((b, i) => i % 160 == 0 ? (byte)0 : b).ToArray()), PngFile.End));
        yield return new("animated PNG", PngFile.Make(PngFile.Header(16, 16, 8, 0), ("acTL", [0, 0, 0, 2, 0, 0, 0, 0]), PngFile.Frame(0, 16, 16, 0, 0), PngFile.Pixels(272), PngFile.Frame(1, 8, 8, 4, 4), ("fdAT", [0, 0, 0, 2, .. PngFile.Pack(72)]), PngFile.End));
        yield return new("PNG with metadata", PngFile.Make(PngFile.Header(16, 16, 8, 2), ("gAMA", [0, 0, 0xB1, 0x8F]), ("iCCP", [.. "x\0\0"u8, .. PngFile.Pack(300)]), ("tRNS", [0, 1, 0, 2, 0, 3]), ("pHYs", new byte[9]), ("eXIf", Ifd(8, Entry(0x0112, 3, 1, 6u << 16))), PngFile.Pixels(784), PngFile.End));
        yield return new("JPEG 4:2:0 of drawn data", JpegFile.Make(new JpegOptions { Sampling = [0x22, 0x11, 0x11] }));
        yield return new("JPEG with restarts", JpegFile.Make(new JpegOptions { Sampling = [0x21, 0x11, 0x11], RestartInterval = 3 }));
        yield return new("progressive JPEG", JpegFile.Make(new JpegOptions { Frame = 0xC2, Sampling = [0x22, 0x11, 0x11], Scans = Progressive(3) }));
        yield return new("progressive gray JPEG", JpegFile.Make(new JpegOptions { Frame = 0xC2, Sampling = [0x11], Scans = Progressive(1) }));
        yield return new("CMYK JPEG", JpegFile.Make(new JpegOptions { Sampling = [0x11, 0x11, 0x11, 0x11], Adobe = 0 }));
        yield return new("YCCK JPEG", JpegFile.Make(new JpegOptions { Sampling = [0x22, 0x11, 0x11, 0x22], Adobe = 2, RestartInterval = 2 }));
        yield return new("progressive CMYK JPEG", JpegFile.Make(new JpegOptions { Frame = 0xC2, Sampling = [0x11, 0x11, 0x11, 0x11], Scans = Progressive(4) }));
        yield return new("JPEG with EXIF", [0xFF, 0xD8, .. JpegFile.Exif(Ifd(8, Entry(0x0112, 3, 1, 6u << 16), Entry(0x8769, 4, 1, 8))), .. Encode(SKEncodedImageFormat.Jpeg, 40, 30, 80).AsSpan(2)]);
    }

    private static (string Step, byte[] File) Mutate(byte[] file, Random random)
    {
        if (file.Length == 0)
        {
            return ("nothing left", file);
        }

        byte[] copy = [.. file];
        switch (random.Next(11))
        {
            case 0:
                int length = random.Next(copy.Length + 1);
                return ($"cut at {length}", copy[..length]);
            case 1:
                int bit = random.Next(8 * copy.Length);
                copy[bit / 8] ^= (byte)(1 << (bit % 8));
                return ($"bit {bit} turned", copy);
            case 2:
                for (int k = random.Next(1, 12); k > 0; k--)
                {
                    copy[random.Next(copy.Length)] = (byte)random.Next(256);
                }

                return ("bytes drawn", copy);
            case 3:
                int head = random.Next(Math.Min(copy.Length, 64));
                copy[head] = (byte)random.Next(256);
                return ($"byte {head} drawn", copy);
            case 4:
                int from = random.Next(copy.Length), to = Math.Min(from + random.Next(1, 300), copy.Length);
                return ($"{from}–{to} taken out", [.. copy.AsSpan(0, from), .. copy.AsSpan(to)]);
            case 5:
                int at = random.Next(Math.Max(copy.Length - 4, 1));
                copy.AsSpan(at, Math.Min(4, copy.Length - at)).Fill((byte)(random.Next(2) * 255));
                return ($"four extreme bytes at {at}", copy);
            case 6:
                // Lengths and sizes are numbers of two or four bytes.
                int number = random.Next(Math.Max(copy.Length - 4, 1));
                uint value = random.Next(6) switch { 0 => 0, 1 => 1, 2 => 0x7FFFFFFF, 3 => 0x80000000, 4 => (uint)copy.Length, _ => (uint)random.Next() };
                Span<byte> four = stackalloc byte[4];
                if (random.Next(2) == 0)
                {
                    BinaryPrimitives.WriteUInt32BigEndian(four, value);
                }
                else
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(four, value);
                }

                four[..Math.Min(4, copy.Length - number)].CopyTo(copy.AsSpan(number));
                return ($"the number {value} at {number}", copy);
            case 7:
                // A block of another file, somewhere.
                byte[] other = Seeds[random.Next(Seeds.Count)].File;
                int start = random.Next(other.Length), end = Math.Min(start + random.Next(1, 400), other.Length), place = random.Next(copy.Length + 1);
                return ($"{end - start} bytes of another file at {place}", [.. copy.AsSpan(0, place), .. other.AsSpan(start, end - start), .. copy.AsSpan(random.Next(2) == 0 ? place : Math.Min(place + end - start, copy.Length))]);
            case 8:
                int first = random.Next(copy.Length), last = Math.Min(first + random.Next(1, 200), copy.Length), times = random.Next(2, 30);
                return ($"{first}–{last} {times} times", [.. copy.AsSpan(0, first), .. Enumerable.Repeat(copy[first..last], times).SelectMany(b => b), .. copy.AsSpan(last)]);
            case 9 when copy is [0x89, (byte)'P', ..]:
                // Chunks in another order, some twice, some missing, some changed, with right checksums.
                List<(string Name, byte[] Data)> chunks = PngFile.Chunks(copy);
                for (int k = random.Next(1, 4); k > 0 && chunks.Count > 0; k--)
                {
                    int chunk = random.Next(chunks.Count);
                    switch (random.Next(4))
                    {
                        case 0:
                            chunks.Insert(random.Next(chunks.Count + 1), chunks[chunk]);
                            break;
                        case 1:
                            chunks.RemoveAt(chunk);
                            break;
                        case 2:
                            (chunks[chunk], chunks[^1]) = (chunks[^1], chunks[chunk]);
                            break;
                        default:
                            byte[] data = [.. chunks[chunk].Data];
                            if (data.Length > 0)
                            {
                                data[random.Next(data.Length)] = (byte)random.Next(256);
                            }

                            chunks[chunk] = (chunks[chunk].Name, data);
                            break;
                    }
                }

                return ("chunks shuffled", PngFile.Make(chunks));
            case 10 when copy is [0xFF, 0xD8, ..]:
                // Segments in another order, some twice, some missing.
                List<byte[]> segments = Segments(copy);
                for (int k = random.Next(1, 4); k > 0 && segments.Count > 1; k--)
                {
                    int segment = random.Next(1, segments.Count);
                    switch (random.Next(3))
                    {
                        case 0:
                            segments.Insert(random.Next(1, segments.Count + 1), segments[segment]);
                            break;
                        case 1:
                            segments.RemoveAt(segment);
                            break;
                        default:
                            (segments[segment], segments[^1]) = (segments[^1], segments[segment]);
                            break;
                    }
                }

                return ("segments shuffled", [.. segments.SelectMany(s => s)]);
            default:
                return ("bytes behind", [.. copy, .. Drawn(random.Next(), random.Next(1, 500))]);
        }
    }

    // A JPEG cut before each marker; data of a scan stay with its header.
    private static List<byte[]> Segments(byte[] file)
    {
        List<byte[]> segments = [];
        int from = 0;
        for (int at = 2; at + 1 < file.Length; at++)
        {
            if (file[at] == 0xFF && file[at + 1] is not 0 and not 0xFF)
            {
                segments.Add(file[from..at]);
                from = at;
            }
        }

        segments.Add(file[from..]);
        return segments;
    }

    private static IReadOnlyList<JpegScan> Progressive(int components) =>
    [
        new() { Components = [.. Enumerable.Range(1, components).Select(i => (byte)i)], Low = 1, RandomBytes = 200 },
        .. Enumerable.Range(1, components).Select(i => new JpegScan { Components = [(byte)i], Start = 1, End = 5, Low = 2, RandomBytes = 150 }),
        .. Enumerable.Range(1, components).Select(i => new JpegScan { Components = [(byte)i], Start = 6, End = 63, Low = 2, RandomBytes = 150 }),
        .. Enumerable.Range(1, components).Select(i => new JpegScan { Components = [(byte)i], Start = 1, End = 63, High = 2, Low = 1, RandomBytes = 150 }),
        new() { Components = [.. Enumerable.Range(1, components).Select(i => (byte)i)], High = 1, RandomBytes = 50 },
    ];

    private static byte[] Frame(int width, int height, byte[] sampling) => Segment(0xC0, [
        8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, (byte)sampling.Length, .. Enumerable.Range(0, sampling.Length).SelectMany(i => new byte[] { (byte)(i + 1), sampling[i], 0 }),
    ]);

    private static byte[] Segment(int marker, params ReadOnlySpan<byte> data)
    {
        ByteWriter file = new();
        JpegFile.Segment(file, marker, data);
        return file.ToArray();
    }

    private static byte[] Ifd(uint offset, params IEnumerable<byte[]> entries)
    {
        byte[][] all = [.. entries];
        return new ByteWriter().Text("MM\0*").Big32(offset).Big16(all.Length).Bytes([.. all.SelectMany(entry => entry)]).Big32(0).ToArray();
    }

    private static byte[] Entry(int tag, int type, uint count, uint value) => new ByteWriter().Big16(tag).Big16(type).Big32(count).Big32(value).ToArray();

    private static byte[] Drawn(int seed, int count)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Encode(SKEncodedImageFormat format, int width, int height, int quality)
    {
        using SKBitmap bitmap = new(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Random random = new(width);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int i = 0; i < pixels.Length; i += 4)
        {
            pixels[i] = (byte)(i / 4 % width * 255 / width);
            pixels[i + 1] = (byte)(i / 4 / width * 255 / height);
            pixels[i + 2] = (byte)random.Next(64);
            pixels[i + 3] = 255;
        }

        using SKData data = bitmap.Encode(format, quality);
        return data.ToArray();
    }
}
