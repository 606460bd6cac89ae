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
/// fp16 and int8 against fp32: cosines of vectors and agreement of the zero-shot top-1, on pictures cut from <c>samples/</c> at seeded places,
/// turned and recoloured, for the demo model with its own labels and for a true-size checkpoint with seeded random texts.
/// </summary>
internal static class PrecisionAgreement
{
    // One draw of random labels may hold a near tie that decides for all pictures, so several are drawn.
    private const int LabelSets = 20;
    private const int Labels = 64;

    public static async Task RunAsync(string folder, int count, IReadOnlyList<string> models)
    {
        Directory.CreateDirectory(folder);
        byte[][] pictures = [.. Enumerable.Range(0, count).Select(SamplePictures.Varied)];
        Console.WriteLine("| model | precision | pictures | cosine of pictures, mean / least | cosine of texts, mean / least | same top-1, mean / least of the label sets | logits between those that differ, at most | alone against in a batch, least cosine |");
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

            (EmbeddingMatrix images, EmbeddingMatrix texts, LogitMatrix logits, int perSet, _) = await EncodeAsync(source, Path.Combine(folder, $"{stem}.agreement"), ModelPrecision.Fp32, pictures);
            foreach (ModelPrecision precision in new[] { ModelPrecision.Fp16, ModelPrecision.DynamicInt8 })
            {
                (EmbeddingMatrix otherImages, EmbeddingMatrix otherTexts, LogitMatrix otherLogits, _, float alone) = await EncodeAsync(source, Path.Combine(folder, $"{stem}.agreement"), precision, pictures);
                List<double> agreements = [];
                float margin = 0;
                for (int first = 0; first < texts.Count; first += perSet)
                {
                    int same = 0;
                    for (int row = 0; row < count; row++)
                    {
                        ReadOnlySpan<float> expected = logits[row].Slice(first, perSet);
                        int best = TensorPrimitives.IndexOfMax(expected);
                        int other = TensorPrimitives.IndexOfMax(otherLogits[row].Slice(first, perSet));
                        same += best == other ? 1 : 0;
                        margin = Math.Max(margin, expected[best] - expected[other]);
                    }

                    agreements.Add(100.0 * same / count);
                }

                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {name} | {precision} | {count} | {Cosines(images, otherImages)} | {Cosines(texts, otherTexts)} | {agreements.Average():F1} / {agreements.Min():F1} % | {margin:F3} | {alone:F5} |"));
            }
        }
    }

    private static string Cosines(EmbeddingMatrix expected, EmbeddingMatrix actual)
    {
        float[] cosines = [.. Enumerable.Range(0, expected.Count).Select(row => TensorPrimitives.CosineSimilarity(expected[row], actual[row]))];
        return string.Create(CultureInfo.InvariantCulture, $"{cosines.Average():F5} / {cosines.Min():F5}");
    }

    private static async Task<(EmbeddingMatrix Images, EmbeddingMatrix Texts, LogitMatrix Logits, int PerSet, float Alone)> EncodeAsync(string source, string destination, ModelPrecision precision, byte[][] pictures)
    {
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(source, destination, new ConversionOptions { Id = "agreement", Precision = precision, Overwrite = true });
        using ClipModel model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" });
        EmbeddingMatrix images = model.EncodeImage([.. pictures.Select(picture => (ReadOnlyMemory<byte>)picture)]);
        string[] words = bundle.LabelsPath is { } labels ? [.. LabelSet.Load(labels).Labels.Select(label => $"a photo of a {label}.")] : [];
        EmbeddingMatrix texts = words.Length > 0 ? model.EncodeText(words) : model.EncodeText(RandomTexts(model));
        float alone = Enumerable.Range(0, Math.Min(16, pictures.Length)).Min(i => TensorPrimitives.CosineSimilarity(model.EncodeImage([pictures[i]])[0], images[i]));
        return (images, texts, model.Score(images, texts).LogitsPerImage, words.Length > 0 ? words.Length : Labels, alone);
    }

    private static TokenBatch RandomTexts(ClipModel model)
    {
        Random random = new(7);
        int end = model.Manifest.Architecture.Text.VocabularySize - 1;
        int[] ids = new int[LabelSets * Labels * 12];
        for (int row = 0; row < LabelSets * Labels; row++)
        {
            int length = random.Next(4, 12);
            for (int at = 0; at < length; at++)
            {
                ids[(row * 12) + at] = at == 0 ? end - 1 : at == length - 1 ? end : random.Next(end - 1);
            }
        }

        return new TokenBatch(ids, LabelSets * Labels, 12);
    }
}
