using System.Diagnostics;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Testing;
using SkiaSharp;

namespace ClipFunctions.Clip.Tests.Imaging;

public sealed class ImageFuzzTests
{
    [Fact]
    public void DamagedBytesGiveAPictureOrAnImageException()
    {
        List<byte[]> seeds =
        [
            TestPictures.Encode(SKEncodedImageFormat.Jpeg, 60, 45),
            TestPictures.Encode(SKEncodedImageFormat.Png, 33, 21),
            TestPictures.Encode(SKEncodedImageFormat.Webp, 50, 40, quality: 60),
            TestPictures.Gif(2),
            TestPictures.Png(9, 3, 4, 3, [0, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6, 2, 3, 4, 5, 6, 7], ("PLTE", [1, 2, 3, 4, 5, 6])),
            Bmp(),
        ];
        string golden = Path.Combine(GoldenData.Root, "preprocess", "images");
        if (Directory.Exists(golden))
        {
            seeds.AddRange(Directory.EnumerateFiles(golden).Select(File.ReadAllBytes).Where(f => f.Length < 130_000));
        }

        Random random = new(20260101);
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(16), new ImageDecoder(new ImageLimits { MaxPixels = 4_000_000 }));
        ClipPreprocessor fast = new(ImagePreprocessing.OpenAi(4) with { Mode = PreprocessingMode.Fast, AutoOrient = true }, new ImageDecoder(new ImageLimits { MaxPixels = 4_000_000 }));
        byte[] pixels = new byte[preprocessor.PixelCount];
        byte[] few = new byte[fast.PixelCount];
        long start = Stopwatch.GetTimestamp();
        int refused = 0, decoded = 0;
        for (int i = 0; i < 4000 && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15); i++)
        {
            byte[] file = Mutate(seeds[i % seeds.Count], random);
            try
            {
                fast.Preprocess(file, few, TestContext.Current.CancellationToken);
                preprocessor.Preprocess(file, pixels, TestContext.Current.CancellationToken);
                decoded++;
            }
            catch (ImageException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"Mutation {i} of seed {i % seeds.Count} ({file.Length} bytes): {e}");
            }
        }

        Assert.True(refused > 100 && decoded > 100, $"{refused} refused, {decoded} decoded.");
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        byte[] file = [.. seed];
        switch (random.Next(5))
        {
            case 0:
                return file[..random.Next(file.Length + 1)];
            case 1:
                for (int k = random.Next(1, 8); k > 0; k--)
                {
                    file[random.Next(file.Length)] = (byte)random.Next(256);
                }

                return file;
            case 2:
                file[random.Next(Math.Min(file.Length, 64))] = (byte)random.Next(256);
                return file;
            case 3:
                int from = random.Next(file.Length), to = Math.Min(from + random.Next(1, 300), file.Length);
                return [.. file.AsSpan(0, from), .. file.AsSpan(to)];
            default:
                int at = random.Next(Math.Max(file.Length - 4, 1));
                file.AsSpan(at, Math.Min(4, file.Length - at)).Fill((byte)(random.Next(2) * 255));
                return file;
        }
    }

    private static byte[] Bmp()
    {
        byte[] file = new byte[54 + 16 + 40];
        "BM"u8.CopyTo(file);
        file[10] = 70;
        file[14] = 40;
        file[18] = 13;
        file[22] = 5;
        file[26] = 1;
        file[28] = 4;
        file[46] = 4;
        for (int i = 54; i < file.Length; i++)
        {
            file[i] = (byte)(i * 37);
        }

        return file;
    }
}
