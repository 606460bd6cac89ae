using System.Text.Json;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>The notebook's prompt ensemble, from class names to probabilities.</summary>
[Trait("Category", GoldenData.Category)]
public class ZeroShotGoldenTests
{
    public static TheoryData<string> Models()
    {
        TheoryData<string> data = [];
        foreach (string model in GoldenModels.Checkpoints().Select(row => row.Data.Item1).Distinct())
        {
            if (GoldenData.Has($"model/{model}/zeroshot.json"))
            {
                data.Add(model);
            }
        }

        if (data.Count == 0)
        {
            data.Add("");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task EnsemblesLogitsAndTheFiveBestAreTheNotebooks(string model)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string json = model.Length == 0 ? GoldenData.Require("model/*/zeroshot.json") : GoldenData.Require($"model/{model}/zeroshot.json");
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(json, cancellationToken));
        string[] Strings(string name) => [.. document.RootElement.GetProperty(name).EnumerateArray().Select(text => text.GetString()!)];
        LabelSet labels = new("golden", Strings("classes"), Strings("templates"));

        using TemporaryFolder folder = new();
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(
            GoldenModels.FileOf(model, "openai.safetensors"),
            folder["bundle"],
            new ConversionOptions { TokenizerFiles = [GoldenData.RequireVocabulary()], VisionInput = GraphInputKind.PixelsFloat32Nchw },
            cancellationToken: cancellationToken);
        using ClipModel clip = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, cancellationToken);
        using SafetensorsFile golden = GoldenModels.Outputs(model);

        TokenBatch tokens = clip.Tokenizer.Tokenize(Strings("texts"), clip.ContextLength);
        Assert.Equal(GoldenModels.Integers(golden, "text"), tokens.Ids.ToArray());

        ZeroShotClassifier classifier = new();
        EmbeddingMatrix vectors = await classifier.GetLabelVectorsAsync(clip, labels, cancellationToken);
        EmbeddingMatrix weights = GoldenModels.Matrix(golden, "zs.weights");
        for (int label = 0; label < vectors.Count; label++)
        {
            float[] expected = [.. Enumerable.Range(0, weights.Count).Select(row => weights[row][label])];
            GoldenModelTests.AssertClose(expected, vectors[label], 1e-5);
        }

        // The notebook's factor is 100, whatever the model's own.
        EmbeddingMatrix image = clip.EncodeNormalized(GoldenModels.Floats(golden, "image"), (int)golden.Tensors["image"].Shape[0], cancellationToken);
        EmbeddingMatrix logits = GoldenModels.Matrix(golden, "zs.logits");
        EmbeddingMatrix probabilities = GoldenModels.Matrix(golden, "zs.probs");
        EmbeddingMatrix top = GoldenModels.Matrix(golden, "zs.top");
        ScoringRule scoring = new() { Kind = ScoringKind.Softmax, LogitScale = 100 };
        IReadOnlyList<IReadOnlyList<LabelScore>> results = ZeroShotClassifier.Rank(scoring, image, vectors, labels, top.Dimension, cancellationToken);
        for (int picture = 0; picture < results.Count; picture++)
        {
            Assert.Equal(top.Dimension, results[picture].Count);
            for (int place = 0; place < top.Dimension; place++)
            {
                LabelScore score = results[picture][place];
                Assert.Equal((int)top[picture][place], score.Index);
                Assert.Equal(labels.Labels[score.Index], score.Label);
                Assert.Equal(logits[picture][score.Index], score.Logit, 1e-4);
                Assert.Equal(probabilities[picture][score.Index], score.Probability, 1e-5);
            }
        }

        // And the model's own factor gives what its Forward gives.
        ClipOutput output = clip.Score(image, vectors);
        IReadOnlyList<IReadOnlyList<LabelScore>> own = await classifier.ClassifyAsync(clip, image, labels, 1, cancellationToken);
        Assert.Equal(Enumerable.Range(0, output.LogitsPerImage.Columns).Max(column => output.LogitsPerImage[0, column]), own[0][0].Logit, 1e-4);
    }
}
