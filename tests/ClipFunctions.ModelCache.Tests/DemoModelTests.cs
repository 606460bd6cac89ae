using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;

namespace ClipFunctions.ModelCaching.Tests;

public sealed class DemoModelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SeesWhatTheSamplesShow()
    {
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(RepositoryPaths.DemoBundle), cancellationToken: Token);
        LabelSet labels = LabelSet.Load(model.Bundle.LabelsPath!);
        string[] files = [.. Directory.GetFiles(RepositoryPaths.Samples).Order(StringComparer.Ordinal)];
        Assert.InRange(files.Length, 8, 100);

        EmbeddingMatrix embeddings = model.EncodeImage([.. files.Select(file => (ReadOnlyMemory<byte>)File.ReadAllBytes(file))], Token);
        IReadOnlyList<IReadOnlyList<LabelScore>> scores = await new ZeroShotClassifier().ClassifyAsync(model, embeddings, labels, 1, Token);

        // A sample is called after the label that it shows.
        Assert.Equal(
            files.Select(file => Path.GetFileNameWithoutExtension(file).Replace('-', ' ')),
            scores.Select(best => best[0].Label));
    }

    [Fact]
    public async Task RunsTheExampleOfTheReadme()
    {
        using ClipModel model = await ClipModel.LoadAsync(ModelBundle.Open(RepositoryPaths.DemoBundle), cancellationToken: Token);

        byte[] picture = await File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Samples, "cat.jpg"), Token);
        EmbeddingMatrix imageFeatures = model.EncodeImage([picture], Token);
        EmbeddingMatrix textFeatures = model.EncodeText(["a diagram", "a dog", "a cat"], cancellationToken: Token);
        ClipOutput output = model.Forward([picture], ["a diagram", "a dog", "a cat"], Token);

        Assert.Equal((1, model.EmbeddingDimension), (imageFeatures.Count, imageFeatures.Dimension));
        Assert.Equal((3, model.EmbeddingDimension), (textFeatures.Count, textFeatures.Dimension));
        float[] probabilities = output.LogitsPerImage.Softmax()[0].ToArray();
        Assert.Equal(1, probabilities.Sum(), 4);
        Assert.True(probabilities[2] > 0.9f, $"A cat is seen with {probabilities[2]:P1} only.");
    }

    [Fact]
    public async Task IsWholeAndSmallEnoughForTheRepository()
    {
        ModelBundle bundle = ModelBundle.Open(RepositoryPaths.DemoBundle);

        await bundle.VerifyAsync(Token);
        Assert.InRange(bundle.Size, 1, 16 << 20);
        Assert.Equal(WeightStorage.Fp16, bundle.Manifest.Weights);
    }
}
