using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Testing;

namespace ClipFunctions.Clip.Tests.Imaging;

[Trait("Category", GoldenData.Category)]
public sealed class PreprocessGoldenTests
{
    // A golden picture in another format is no case for the decoder.
    private static readonly string[] ReadEndings = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"];

    [Fact]
    public void EveryPictureGivesTheReferencePixelsAndTensor()
    {
        string folder = GoldenData.Require("preprocess");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(GoldenData.Require("preprocess/cases.json")));

        // The hashes decide; the pixels, where they are there, tell how far off a failure is.
        using NpzFile? pixels = GoldenData.Has("preprocess/pixels.npz") ? NpzFile.Open(GoldenData.Require("preprocess/pixels.npz")) : null;
        ImageDecoder decoder = new();
        List<string> failures = [];
        int equal = 0;
        foreach (JsonElement golden in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            string key = golden.GetProperty("key").GetString()!;
            string path = Path.Combine(folder, "images", golden.GetProperty("file").GetString()!);
            if (!File.Exists(path))
            {
                continue;
            }

            byte[] file = File.ReadAllBytes(path);
            int size = golden.GetProperty("n_px").GetInt32();
            ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(size), decoder);
            byte[] actual = new byte[preprocessor.PixelCount];
            byte[] whole = new byte[preprocessor.PixelCount];
            try
            {
                preprocessor.Preprocess(file, actual, TestContext.Current.CancellationToken);
                using DecodedImage image = decoder.Decode(file, TestContext.Current.CancellationToken);
                preprocessor.Preprocess(image, whole);
            }
            catch (UnsupportedImageFormatException) when (!ReadEndings.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }
            catch (Exception e)
            {
                failures.Add($"{key}: {e.GetType().Name} {e.Message}");
                continue;
            }

            string hash = Convert.ToHexStringLower(SHA256.HashData(actual));
            float[] tensor = new float[preprocessor.PixelCount];
            preprocessor.Normalize(actual, tensor);
            string tensorHash = Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(tensor)));
            if (hash != golden.GetProperty("pixels_sha256").GetString())
            {
                failures.Add($"{key} ({golden.GetProperty("pil_mode").GetString()}): {Difference(pixels, key, actual)}");
            }
            else if (tensorHash != golden.GetProperty("tensor_sha256").GetString())
            {
                failures.Add($"{key}: pixels equal, tensor not");
            }
            else if (!whole.AsSpan().SequenceEqual(actual))
            {
                failures.Add($"{key}: streamed and whole picture differ");
            }
            else
            {
                equal++;
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{equal} golden pictures equal.");
        Assert.True(failures.Count == 0, $"{failures.Count} fail, {equal} are equal:\n{string.Join('\n', failures)}");
        Assert.SkipWhen(equal == 0, "No golden pictures.");
    }

    [Fact]
    public void DamagedFilesFailWhereTheReferenceFails()
    {
        string folder = GoldenData.Require("preprocess/bad");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(GoldenData.Require("preprocess/bad/cases.json")));
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(224));
        byte[] pixels = new byte[preprocessor.PixelCount];
        float[] tensor = new float[preprocessor.PixelCount];
        List<string> failures = [];
        int right = 0;
        foreach (JsonElement golden in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            string name = golden.GetProperty("file").GetString()!;
            string path = Path.Combine(folder, name);
            if (!File.Exists(path))
            {
                continue;
            }

            string? error = golden.GetProperty("error").GetString();
            ImageException? thrown = null;
            try
            {
                preprocessor.Preprocess(File.ReadAllBytes(path), pixels, TestContext.Current.CancellationToken);
                preprocessor.Normalize(pixels, tensor);
                int plane = preprocessor.Size * preprocessor.Size;
                for (int c = 0; c < 3 && error is null; c++)
                {
                    double expected = golden.GetProperty("tensor_mean")[c].GetDouble();
                    double mean = tensor.AsSpan(c * plane, plane).ToArray().Average(v => (double)v);
                    if (Math.Abs(mean - expected) > 1e-5)
                    {
                        failures.Add($"{name}: channel {c} has mean {mean} and not {expected}");
                    }
                }
            }
            catch (ImageException e)
            {
                thrown = e;
            }

            if ((thrown is null) != (error is null))
            {
                failures.Add($"{name}: the reference gives {error ?? "pixels"}, we {thrown?.Reason ?? "pixels"} ({thrown?.Message})");
            }
            else
            {
                right++;
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} differ, {right} agree:\n{string.Join('\n', failures)}");
        Assert.SkipWhen(right == 0, "No damaged files.");
    }

    [Fact]
    public void TheTableOfNormalisedValuesIsTheReferenceTable()
    {
        NpyArray table = NpyFile.Read(GoldenData.Require("preprocess/normalize_table.npy"));
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(16));
        byte[] pixels = new byte[preprocessor.PixelCount];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(i / 3);
        }

        float[] tensor = new float[preprocessor.PixelCount];
        preprocessor.Normalize(pixels, tensor);
        Assert.Equal(table.As<float>().ToArray(), tensor);
    }

    private static string Difference(NpzFile? pixels, string key, byte[] actual)
    {
        if (pixels is null || !pixels.Names.Contains(key))
        {
            return "the pixels' hash differs";
        }

        byte[] expected = pixels.Read(key).Data;
        int worst = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();
        int many = expected.Zip(actual, (a, b) => a == b ? 0 : 1).Sum();
        return $"{many} of {expected.Length} values differ, by {worst} at most";
    }
}
