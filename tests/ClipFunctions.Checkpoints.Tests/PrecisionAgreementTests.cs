using System.Numerics.Tensors;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>The demo model in fewer bits, on pictures that it knows and that are not those in <c>samples/</c>.</summary>
public sealed class PrecisionAgreementTests : IDisposable
{
    private const int Pictures = 500;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ModelPrecision.Fp16, 0.9999)]
    [InlineData(ModelPrecision.DynamicInt8, 0.995)]
    public async Task FewerBitsSeeTheSameInThePictures(ModelPrecision precision, double leastCosine)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        LabelSet labels = LabelSet.Load(Path.Combine(RepositoryPaths.DemoBundle, "labels.json"));
        byte[][] pictures = [.. Enumerable.Range(0, Pictures).Select(SamplePictures.Varied)];
        (EmbeddingMatrix expected, int[] expectedLabels) = await SeeAsync(ModelPrecision.Fp32);
        (EmbeddingMatrix actual, int[] actualLabels) = await SeeAsync(precision);

        Assert.True(expectedLabels.Distinct().Count() > 5);
        Assert.All(Enumerable.Range(0, Pictures), i => Assert.InRange(TensorPrimitives.CosineSimilarity(expected[i], actual[i]), leastCosine, 1.0001));
        int same = expectedLabels.Zip(actualLabels).Count(pair => pair.First == pair.Second);
        Assert.True(same >= Pictures * 0.99, $"{same} of {Pictures} pictures got the same label.");

        async Task<(EmbeddingMatrix, int[])> SeeAsync(ModelPrecision wanted)
        {
            ModelBundle bundle = await CheckpointConverter.ConvertAsync(
                Path.Combine(RepositoryPaths.DemoBundle, "source"),
                _folder[wanted.ToString()],
                new ConversionOptions { Precision = wanted },
                cancellationToken: cancellationToken);
            using ClipModel model = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, cancellationToken);
            EmbeddingMatrix vectors = model.EncodeImage([.. pictures.Select(picture => (ReadOnlyMemory<byte>)picture)], cancellationToken);
            IReadOnlyList<IReadOnlyList<LabelScore>> scores = await new ZeroShotClassifier().ClassifyAsync(model, vectors, labels, 1, cancellationToken);
            return (vectors, [.. scores.Select(best => best[0].Index)]);
        }
    }
}
