using System.Text.Json;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>What both sides read: checkpoints, pictures, captions, labels. Made once in a folder.</summary>
internal sealed class PeerInputs(string folder)
{
    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true };

    /// <summary>The checkout of openai/CLIP.</summary>
    public static string ClipSource { get; } = Environment.GetEnvironmentVariable("CLIP_SOURCE") is { Length: > 0 } source
        ? source
        : throw new InvalidOperationException("CLIP_SOURCE names no checkout of openai/CLIP: run ./bench.sh, which fetches it.");

    /// <summary>CLIP's vocabulary.</summary>
    public static string Vocabulary => Path.Combine(ClipSource, "clip", "bpe_simple_vocab_16e6.txt.gz");

    /// <summary>A file of this folder.</summary>
    public string At(params string[] parts) => Path.Combine([folder, .. parts]);

    /// <summary>A checkpoint of true sizes with seeded random weights.</summary>
    public string Checkpoint(string model)
    {
        string path = At($"{TrueSizeCheckpoint.FileName(model)}.safetensors");
        if (!File.Exists(path))
        {
            TrueSizeCheckpoint.Of(model).Write(path);
        }

        return path;
    }

    /// <summary>This code's bundle of a checkpoint, converted anew, so that it is today's converter's.</summary>
    public async Task<string> BundleAsync(string checkpoint, ModelPrecision precision)
    {
        string bundle = At("bundles", $"{Path.GetFileNameWithoutExtension(checkpoint)}.{precision}");
        await CheckpointConverter.ConvertAsync(checkpoint, bundle, new ConversionOptions { Precision = precision, Overwrite = true, TokenizerFiles = [Vocabulary] });
        return bundle;
    }

    /// <summary>A model as users load it, but surely on the CPU.</summary>
    public async Task<ClipModel> ModelAsync(string checkpoint, ModelPrecision precision) =>
        await ClipModel.LoadAsync(ModelBundle.Open(await BundleAsync(checkpoint, precision)), new ClipModelOptions { Device = "cpu" });

    /// <summary>Files of 640 × 480, like photos.</summary>
    public string[] Photos(int count)
    {
        Directory.CreateDirectory(At("photos"));
        string[] paths = [.. Enumerable.Range(0, count).Select(i => At("photos", $"{i}.jpg"))];
        for (int i = 0; i < count; i++)
        {
            File.WriteAllBytes(paths[i], PreprocessBenchmarks.PhotoLike(640, 480, seed: i));
        }

        return paths;
    }

    /// <summary>Preprocessed pictures <c>[count, 224, 224, 3]</c>, and the file that holds them.</summary>
    public (byte[] Pixels, string Path) Pixels(int count)
    {
        ClipPreprocessor preprocessor = new(ImagePreprocessing.OpenAi(224));
        byte[] pixels = [.. Enumerable.Range(0, count).SelectMany(i => preprocessor.Preprocess(SamplePictures.Varied(i)))];
        string path = At("pixels.bin");
        File.WriteAllBytes(path, pixels);
        return (pixels, path);
    }

    /// <summary>Tokens of short captions <c>[count, 77]</c>, and the file that holds them.</summary>
    public (TokenBatch Tokens, string Path) Tokens(int count, int longest)
    {
        TokenBatch tokens = ClipTokenizer.Load(Vocabulary).Tokenize(Captions.Short(Vocabulary, count, longest));
        string path = At("tokens.bin");
        File.WriteAllBytes(path, System.Runtime.InteropServices.MemoryMarshal.AsBytes(tokens.Ids.Span).ToArray());
        return (tokens, path);
    }

    /// <summary>The 1,000 labels and 80 templates of openai/CLIP's notebook on ImageNet.</summary>
    public static LabelSet ImageNet()
    {
        using JsonDocument notebook = JsonDocument.Parse(File.ReadAllText(Path.Combine(ClipSource, "notebooks", "Prompt_Engineering_for_ImageNet.ipynb")));
        string[] cells = [.. notebook.RootElement.GetProperty("cells").EnumerateArray().Select(cell => string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())))];
        return new LabelSet("ImageNet", List("imagenet_classes = "), List("imagenet_templates = "));

        // Python's lists of plain strings are nearly JSON.
        string[] List(string name)
        {
            string cell = cells.First(cell => cell.StartsWith(name, StringComparison.Ordinal));
            string list = cell[name.Length..(cell.IndexOf(']', StringComparison.Ordinal) + 1)];
            using JsonDocument document = JsonDocument.Parse(list.Contains('"', StringComparison.Ordinal) ? list : list.Replace('\'', '"'), Lenient);
            return [.. document.RootElement.EnumerateArray().Select(entry => entry.GetString()!)];
        }
    }

    /// <summary>A file, once made.</summary>
    public async Task<string> OnceAsync(string name, Func<string, Task> makeAsync)
    {
        string path = At(name);
        if (!File.Exists(path))
        {
            await makeAsync(path);
        }

        return path;
    }
}
