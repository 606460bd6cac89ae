using System.Diagnostics;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Testing;
using ClipFunctions.Testing.Hostile;

namespace ClipFunctions.Clip.Tests.Imaging;

/// <summary>Whatever a file holds, decoding it ends, soon, in a picture or in a refusal with a reason; the long form is <c>HostilePictureSoakTests</c>.</summary>
public sealed class ImageFuzzTests
{
    private const int Pictures = 5000;
    private static readonly ImageLimits Limits = new() { MaxPixels = HostilePictures.FewPixels, MaxDecodeTime = TimeSpan.FromSeconds(10) };

    // Far above what any of them takes on a machine that does other things, too, and far below what one would take that is not bounded.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(8);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void HostileFilesGiveAPictureOrAReasonSoonAndWithLittleMemory()
    {
        ClipPreprocessor[] preprocessors =
        [
            new(ImagePreprocessing.OpenAi(16), new ImageDecoder(Limits)),
            new(ImagePreprocessing.OpenAi(4) with { Mode = PreprocessingMode.Fast, AutoOrient = true }, new ImageDecoder(Limits)),
            new(ImagePreprocessing.OpenAi(32) with { ResizeMode = ResizeMode.LongestSide }, new ImageDecoder(Limits)),
        ];
        Dictionary<string, int> outcomes = [];
        List<string> faults = [];
        int number = 0;
        foreach (HostilePicture picture in HostilePictures.All(HostilePictures.Seed, Pictures, HostilePictures.FewPixels))
        {
            // The second and third ways are taken by turns.
            string outcome = Judge(picture, preprocessors[0], faults);
            if (picture.Outcome is not null && picture.Outcome != outcome)
            {
                faults.Add($"{picture}: {outcome} instead of {picture.Outcome}");
            }

            Judge(picture, preprocessors[1 + number++ % 2], faults);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        Assert.True(faults.Count == 0, $"{faults.Count} faults:\n{string.Join("\n", faults.Take(40))}");
        Assert.Equal(Pictures, number);
        string[] reasons = [HostilePicture.Decodes, "Empty", "UnsupportedFormat", "Corrupt", "Truncated", "TooManyPixels", "SideRatio", "TooManyFrames", "TooManyScans"];
        Assert.All(reasons, reason => Assert.True(outcomes.ContainsKey(reason), $"None was {reason}."));
        Assert.Equal(reasons.Order(), outcomes.Keys.Order());
    }

    [Fact]
    public void DamagedGoldenPicturesGiveAPictureOrAReason()
    {
        string[] files = [.. Directory.EnumerateFiles(GoldenData.Require("preprocess/images")).Where(file => new FileInfo(file).Length < 130_000).Order(StringComparer.Ordinal)];
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(16), new ImageDecoder(Limits));
        Random random = new(HostilePictures.Seed);
        List<string> faults = [];
        foreach (string file in files)
        {
            byte[] sound = File.ReadAllBytes(file);
            for (int i = 0; i < 12; i++)
            {
                byte[] damaged = [.. sound];
                for (int k = random.Next(1, 6); k > 0; k--)
                {
                    damaged[random.Next(random.Next(2) == 0 ? damaged.Length : Math.Min(damaged.Length, 400))] = (byte)random.Next(256);
                }

                Judge(new HostilePicture($"{Path.GetFileName(file)}, damaged {i}", random.Next(4) == 0 ? damaged[..random.Next(damaged.Length)] : damaged), preprocessor, faults);
            }
        }

        Assert.True(faults.Count == 0, $"{faults.Count} faults:\n{string.Join("\n", faults.Take(40))}");
    }

    private static string Judge(HostilePicture picture, ClipPreprocessor preprocessor, List<string> faults)
    {
        long start = Stopwatch.GetTimestamp();
        long before = GC.GetAllocatedBytesForCurrentThread();
        string outcome;
        try
        {
            preprocessor.Preprocess(picture.File, Token);
            outcome = HostilePicture.Decodes;
        }
        catch (ImageException exception)
        {
            outcome = exception.Reason;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            faults.Add($"{picture}: {exception}");
            return "";
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        if (elapsed > Bound)
        {
            faults.Add($"{picture} took {elapsed.TotalSeconds:F1} s.");
        }

        // Pooled arrays are of the next power of two; inks, coefficients and rows of a CMYK picture take 16 bytes a pixel.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > 2 * 16 * HostilePictures.FewPixels + (4 << 20))
        {
            faults.Add($"{picture} took {allocated} bytes of memory.");
        }

        return outcome;
    }
}
