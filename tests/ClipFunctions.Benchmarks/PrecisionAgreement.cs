using System.Globalization;
using System.Numerics.Tensors;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks;

/// <summary>
/// fp16 and int8 against fp32: cosines of vectors and agreement of the zero-shot top-1, on pictures made of those in <c>samples/</c>. The demo
/// model has its own labels; a true-size checkpoint has the three of openai/CLIP's README, and random texts. Random weights align nothing, so that
/// the best of many labels is often a near tie: the more labels, the more often the last bits decide.
/// </summary>
internal static class PrecisionAgreement
{
    // One draw of random labels may hold a near tie that decides for all pictures, so many are drawn.
    private const int Draws = 20;
    private const int Context = 12;

    private static readonly int[] Counts = [3, 10, 64];

    // "a diagram", "a dog", "a cat" in CLIP's vocabulary.
    private static readonly int[][] ReadmeTexts = [[49406, 320, 22697, 49407], [49406, 320, 1929, 49407], [49406, 320, 2368, 49407]];

    public static async Task RunAsync(string folder, int count, IReadOnlyList<string> models)
    {
        Directory.CreateDirectory(folder);
        byte[][] pictures = [.. Enumerable.Range(0, count).Select(SamplePictures.Varied)];
        Console.WriteLine("| model | precision | pictures | cosine of pictures, mean / least | cosine of texts, mean / least | same top-1: own or README's labels | … 20 draws of 3, 10, 64 random texts, mean | alone against in a batch, least cosine |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (string name in models)
        {
            string stem = TrueSizeCheckpoint.FileName(name);
            string source = Path.Combine(folder, $"{stem}.safetensors");
            if (name == "demo")
            {
                source = Path.Combine(RepositoryPaths.DemoBundle, "source");
            }
            else if (!File.Exists(source))
            {
                TrueSizeCheckpoint.Of(name).Write(source);
            }

            (EmbeddingMatrix images, EmbeddingMatrix texts, LogitMatrix logits, int own, _) = await EncodeAsync(source, Path.Combine(folder, $"{stem}.agreement"), ModelPrecision.Fp32, pictures);
            foreach (ModelPrecision precision in new[] { ModelPrecision.Fp16, ModelPrecision.DynamicInt8 })
            {
                (EmbeddingMatrix otherImages, EmbeddingMatrix otherTexts, LogitMatrix otherLogits, _, float alone) = await EncodeAsync(source, Path.Combine(folder, $"{stem}.agreement"), precision, pictures);
                string first = Agreement(logits, otherLogits, 0, own).ToString("F1", CultureInfo.InvariantCulture);
                string drawn = own == texts.Count ? "" : string.Join(", ", Counts.Select(labels => Enumerable.Range(0, Draws).Average(draw => Agreement(logits, otherLogits, own + (draw * labels), labels)).ToString("F1", CultureInfo.InvariantCulture)));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {precision} | {count} | {Cosines(images, otherImages)} | {Cosines(texts, otherTexts)} | {first} % | {drawn} | {alone:F5} |"));
            }
        }
    }

    private static string Cosines(EmbeddingMatrix expected, EmbeddingMatrix actual)
    {
        float[] cosines = [.. Enumerable.Range(0, expected.Count).Select(row => TensorPrimitives.CosineSimilarity(expected[row], actual[row]))];
        return string.Create(CultureInfo.InvariantCulture, $"{cosines.Average():F5} / {cosines.Min():F5}");
    }

    private static async Task<(EmbeddingMatrix Images, EmbeddingMatrix Texts, LogitMatrix Logits, int Own, float Alone)> EncodeAsync(string source, string destination, ModelPrecision precision, byte[][] pictures)
    {
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(source, destination, new ConversionOptions { Id = "agreement", Precision = precision, Overwrite = true });
        using ClipModel model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" });
        EmbeddingMatrix images = model.EncodeImage([.. pictures.Select(picture => (ReadOnlyMemory<byte>)picture)]);
        string[] words = bundle.LabelsPath is { } labels ? [.. LabelSet.Load(labels).Labels.Select(label => $"a photo of a {label}.")] : [];
        EmbeddingMatrix texts = words.Length > 0 ? model.EncodeText(words) : model.EncodeText(Texts(model));
        float alone = Enumerable.Range(0, Math.Min(16, pictures.Length)).Min(i => TensorPrimitives.CosineSimilarity(model.EncodeImage([pictures[i]])[0], images[i]));
        return (images, texts, model.Score(images, texts).LogitsPerImage, words.Length > 0 ? words.Length : ReadmeTexts.Length, alone);
    }

    private static double Agreement(LogitMatrix expected, LogitMatrix actual, int first, int labels)
        => 100.0 * Enumerable.Range(0, expected.Rows).Count(row => TensorPrimitives.IndexOfMax(expected[row].Slice(first, labels)) == TensorPrimitives.IndexOfMax(actual[row].Slice(first, labels))) / expected.Rows;

    private static TokenBatch Texts(ClipModel model)
    {
        Random random = new(7);
        int end = model.Manifest.Architecture.Text.VocabularySize - 1;
        int count = ReadmeTexts.Length + (Draws * Counts.Max());
        int[] ids = new int[count * Context];
        for (int row = 0; row < count; row++)
        {
            int length = random.Next(4, Context);
            int[] text = row < ReadmeTexts.Length ? ReadmeTexts[row] : [end - 1, .. Enumerable.Range(0, length - 2).Select(_ => random.Next(end - 1)), end];
            text.CopyTo(ids, row * Context);
        }

        return new TokenBatch(ids, count, Context);
    }
}
