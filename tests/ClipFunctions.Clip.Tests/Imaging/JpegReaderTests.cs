using System.Runtime.Intrinsics.X86;
using ClipFunctions.Clip.Imaging;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed unsafe class JpegReaderTests
{
    [Fact]
    public void GivesTheVerySamplesOfLibjpegTurbo()
    {
        Assert.SkipUnless(Avx2.IsSupported, "Without AVX2, Skia's libjpeg-turbo is what decodes.");
        Random random = new(20261125);
        SKJpegEncoderDownsample[] downsamples = Enum.GetValues<SKJpegEncoderDownsample>();
        for (int i = 0; i < 90; i++)
        {
            int width = i < 60 ? random.Next(1, 70) : random.Next(1, 600), height = i < 60 ? random.Next(1, 70) : random.Next(1, 400);
            using SKBitmap drawn = TestPictures.Draw(width, height, i);
            using SKBitmap bitmap = i % 4 == 3 ? drawn.Copy(SKColorType.Gray8) : drawn.Copy();
            using SKPixmap? pixels = bitmap.PeekPixels();
            using SKData? data = pixels?.Encode(new SKJpegEncoderOptions(random.Next(1, 101), downsamples[i % downsamples.Length], SKJpegEncoderAlphaOption.Ignore));
            Assert.NotNull(data);
            AssertAsSkia(data.ToArray(), $"picture {i}, {width} × {height}");
        }
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 1, 1, 1)]
    [InlineData(1, 2, 1, 1)]
    [InlineData(2, 2, 1, 1)]
    [InlineData(4, 1, 1, 1)]
    [InlineData(4, 2, 1, 1)]
    [InlineData(2, 2, 2, 1)]
    [InlineData(2, 2, 1, 2)]
    [InlineData(1, 1, 2, 1)]
    [InlineData(4, 1, 2, 1)]
    [InlineData(1, 4, 1, 1)]
    public void EverySamplingIsReadAsLibjpegTurboReadsIt(int h, int v, int chromaH, int chromaV)
    {
        Assert.SkipUnless(Avx2.IsSupported, "Without AVX2, Skia's libjpeg-turbo is what decodes.");
        Random random = new(h * 1000 + v * 100 + chromaH * 10 + chromaV);
        for (int i = 0; i < 24; i++)
        {
            int width = random.Next(1, 90), height = random.Next(1, 90);
            int restart = i % 3 == 0 ? 0 : random.Next(1, 12);
            bool separate = i % 4 == 3;
            byte[] file = TestJpeg.Write(random, width, height, [(h, v), (chromaH, chromaV), (chromaH, chromaV)], restart, separate, i % 5 * 0.1);
            AssertAsSkia(file, $"{width} × {height}, restart {restart}, separate {separate}");
        }
    }

    [Fact]
    public void WhatIsNotKeptDoesNotChangeWhatIs()
    {
        Random random = new(7);
        for (int i = 0; i < 80; i++)
        {
            int width = random.Next(1, 140), height = random.Next(1, 140);
            (int, int)[] sampling = (i % 4) switch
            {
                0 => [(2, 2), (1, 1), (1, 1)],
                1 => [(2, 1), (1, 1), (1, 1)],
                2 => [(1, 1)],
                _ => [(1, 1), (1, 1), (1, 1), (1, 1)],
            };
            byte[] file = TestJpeg.Write(random, width, height, sampling, separate: i % 8 >= 4);
            int left = random.Next(width), right = random.Next(left, width) + 1, top = random.Next(height), bottom = random.Next(top, height) + 1;
            (byte[] whole, int bytes) = Rows(JpegReader.Open(file, ImageLimits.Default));
            PixelReader reader = JpegReader.Open(file, ImageLimits.Default);
            reader.Keep(left, right, top, bottom);
            (byte[] kept, _) = Rows(reader);
            for (int y = top; y < bottom; y++)
            {
                int at = (y * width + left) * bytes, length = (right - left) * bytes;
                Assert.True(whole.AsSpan(at, length).SequenceEqual(kept.AsSpan(at, length)), $"picture {i}: {width} × {height}, columns {left} to {right}, row {y}");
            }
        }
    }

    [Fact]
    public void AMotionJpegFrameThatLeavesItsHuffmanTablesOutIsReadByTheStandardOnes()
    {
        byte[] file = TestJpeg.Write(new Random(3), 61, 47, [(2, 2), (1, 1), (1, 1)]);
        int tables = file.AsSpan().IndexOf((byte[])[0xFF, 0xC4]);
        byte[] frame = [.. file[..tables], .. file[(tables + 4 + JpegStandardTables.Segment.Length)..]];
        Assert.Equal(file.Length - 420, frame.Length);
        Assert.Equal(Decode(file), Decode(frame));
    }

    [Fact]
    public void AnApplicationSegmentWhoseLengthIsTooSmallIsPassedOver()
    {
        byte[] file = TestJpeg.Write(new Random(4), 20, 20, [(1, 1)]);
        Assert.Equal(Decode(file), Decode([.. file[..2], 0xFF, 0xE3, 0, 0, .. file[2..]]));
        Assert.Throws<CorruptImageException>(() => Decode([.. file[..2], 0xFF, 0xDB, 0, 0, .. file[2..]]));
    }

    [Fact]
    public void WhatIsBrokenBehindTheOnlyScanIsRefusedButItMayBeCutOff()
    {
        byte[] file = TestJpeg.Write(new Random(5), 40, 24, [(2, 1), (1, 1), (1, 1)]);
        byte[] sound = Decode(file), open = file[..^2];
        Assert.Equal(sound, Decode([.. open, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
        Assert.Equal(sound, Decode([.. open, 0xFF, 0xE1, 0x40, 0, 1, 2]));
        Assert.Throws<CorruptImageException>(() => Decode([.. open, 0xFF, 0x02, 0, 4, 1, 2, 0xFF, 0xD9]));
        Assert.Throws<CorruptImageException>(() => Decode([.. open, 0xFF, 0xD8, 0xFF, 0xD9]));
        Assert.Throws<CorruptImageException>(() => Decode([.. open, .. file[file.AsSpan().IndexOf((byte[])[0xFF, 0xDA])..]]));
    }

    [Fact]
    public void EachCutIsRefusedAsTruncated()
    {
        byte[] file = TestJpeg.Write(new Random(6), 40, 24, [(2, 2), (1, 1), (1, 1)], restart: 1);
        int scan = file.AsSpan().IndexOf((byte[])[0xFF, 0xDA]);
        for (int length = 3; length < file.Length - 12; length++)
        {
            byte[] cut = file[..length];
            Exception? refused = Record.Exception(() => Decode(cut));
            Assert.True(refused is TruncatedImageException, $"{length} of {file.Length} bytes, the scan at {scan}: {refused}");
        }
    }

    [Fact]
    public void RedGreenBlueIsKnownByAdobesMarkerOrByTheNamesOfTheComponents()
    {
        byte[] luma = TestJpeg.Write(new Random(8), 16, 16, [(1, 1), (1, 1), (1, 1)]);
        byte[] adobe = [.. luma[..2], 0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0, .. luma[2..]];
        byte[] named = [.. luma];
        int frame = luma.AsSpan().IndexOf((byte[])[0xFF, 0xC0]) + 10, scan = luma.AsSpan().IndexOf((byte[])[0xFF, 0xDA]) + 5;
        for (int c = 0; c < 3; c++)
        {
            named[frame + 3 * c] = named[scan + 2 * c] = (byte)"RGB"[c];
        }

        Assert.NotEqual(Decode(luma), Decode(adobe));
        Assert.Equal(Decode(adobe), Decode(named));
        byte[] jfif = [.. named[..2], 0xFF, 0xE0, 0, 16, .. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0, .. named[2..]];
        Assert.Equal(Decode(luma), Decode(jfif));
    }

    [Fact]
    public void TheTransformIsTheSameWithoutVectors()
    {
        Random random = new(9);
        short[] blocks = new short[128];
        ushort[] quantization = new ushort[64];
        byte[] two = new byte[128], one = new byte[64];
        for (int i = 0; i < 3000; i++)
        {
            // From an only coefficient to full ones that overflow.
            int share = random.Next(1, 65), range = 1 << random.Next(1, 16);
            for (int k = 0; k < 128; k++)
            {
                blocks[k] = random.Next(64) < share ? (short)random.Next(-range, range) : (short)0;
                quantization[k % 64] = (ushort)random.Next(1, 64);
            }

            if (i % 5 == 0)
            {
                blocks.AsSpan(1, 63).Clear();
                blocks.AsSpan(65).Clear();
            }

            fixed (short* coefficients = blocks)
            fixed (ushort* factors = quantization)
            fixed (byte* both = two, single = one)
            {
                JpegIdct.TransformTwo(coefficients, factors, both, 16);
                for (int b = 0; b < 2; b++)
                {
                    // Two blocks at once take the short way only together, which shows only where numbers overflow.
                    bool shortWay = !blocks.AsSpan(8, 56).ContainsAnyExcept((short)0) == !blocks.AsSpan(72, 56).ContainsAnyExcept((short)0);
                    if (!shortWay)
                    {
                        continue;
                    }

                    JpegIdct.Transform(coefficients + 64 * b, factors, single, 8);
                    for (int y = 0; y < 8; y++)
                    {
                        Assert.True(two.AsSpan(16 * y + 8 * b, 8).SequenceEqual(one.AsSpan(8 * y, 8)), $"case {i}, block {b}, row {y}");
                    }
                }
            }
        }
    }

    [Fact]
    public void ColorsAreThoseOfTheFormulaWithAndWithoutVectors()
    {
        byte[] luma = new byte[256], blue = new byte[256], red = new byte[256], pixels = new byte[1024];
        for (int i = 0; i < 256; i++)
        {
            red[i] = (byte)i;
        }

        foreach (byte y in (byte[])[0, 1, 90, 128, 254, 255])
        {
            luma.AsSpan().Fill(y);
            for (int cb = 0; cb < 256; cb++)
            {
                blue.AsSpan().Fill((byte)cb);
                fixed (byte* a = luma, b = blue, c = red, target = pixels)
                {
                    // The last seven alone, where no vector fits.
                    JpegColor.ToRgb(a, b, c, target, 0, 249);
                    JpegColor.ToRgb(a, b, c, target, 249, 256);
                }

                for (int cr = 0; cr < 256; cr++)
                {
                    Assert.Equal(Level(y + 1.402 * (cr - 128)), pixels[4 * cr], 1.0);
                    Assert.Equal((byte)Math.Clamp(y + ((91881 * (cr - 128) + 32768) >> 16), 0, 255), pixels[4 * cr]);
                    Assert.Equal((byte)Math.Clamp(y + ((-22554 * (cb - 128) - 46802 * (cr - 128) + 32768) >> 16), 0, 255), pixels[4 * cr + 1]);
                    Assert.Equal((byte)Math.Clamp(y + ((116130 * (cb - 128) + 32768) >> 16), 0, 255), pixels[4 * cr + 2]);
                    Assert.Equal(255, pixels[4 * cr + 3]);
                }
            }
        }

        static double Level(double value) => Math.Clamp(value, 0, 255);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void AShrunkBlockHasTheMeanOfTheWholeOne(int size)
    {
        Random random = new(size);
        short[] block = new short[64];
        ushort[] quantization = new ushort[64];
        byte[] whole = new byte[64], shrunk = new byte[64 + 8];
        for (int i = 0; i < 200; i++)
        {
            for (int k = 0; k < 64; k++)
            {
                block[k] = (short)(k == 0 ? random.Next(-300, 300) : k % 8 < size && k / 8 < size ? random.Next(-20, 20) : 0);
                quantization[k] = (ushort)random.Next(1, 3);
            }

            fixed (short* coefficients = block)
            fixed (ushort* factors = quantization)
            fixed (byte* a = whole, b = shrunk)
            {
                JpegIdct.Transform(coefficients, factors, a, 8);
                JpegShrinkingIdct.Transform(coefficients, factors, b, 8, size, size);
            }

            double mean = Enumerable.Range(0, size * size).Average(p => shrunk[p / size * 8 + p % size]);
            Assert.Equal(whole.Average(s => s), mean, 0.6);
        }
    }

    private static void AssertAsSkia(byte[] file, string what)
    {
        PixelReader reader = JpegReader.Open(file, ImageLimits.Default);
        Assert.IsType<JpegReader>(reader);
        (byte[] expected, _) = Rows(new SkiaJpegReader(file, reader.Header));
        (byte[] actual, int bytes) = Rows(reader);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] != actual[i])
            {
                Assert.Fail($"{what}: pixel {i / bytes % reader.Width}, {i / bytes / reader.Width} has {actual[i]} instead of {expected[i]}.");
            }
        }
    }

    private static byte[] Decode(byte[] file)
    {
        using DecodedImage image = new ImageDecoder().Decode(file);
        return image.Pixels.ToArray();
    }

    private static (byte[] Pixels, int BytesPerPixel) Rows(PixelReader reader)
    {
        using (reader)
        {
            int bytes = reader.Header.Mode.BytesPerPixel(), stride = bytes * reader.Width;
            byte[] pixels = new byte[stride * reader.Height];
            for (int y = 0; y < reader.Height; y += 5)
            {
                int count = Math.Min(5, reader.Height - y);
                reader.ReadRows(pixels.AsSpan(y * stride, count * stride), count);
            }

            reader.Finish();
            return (pixels, bytes);
        }
    }
}
