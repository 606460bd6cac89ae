using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>Converted seeded models of several sizes against the plain implementation.</summary>
public class PlainComparisonTests
{
    public static TheoryData<string> Models => ["one block", "three heads", "long", "other patch", "resnet", "resnet deep", "resnet wide"];

    [Theory]
    [MemberData(nameof(Models))]
    public Task VectorsEqualThePlainImplementations(string name) => CompareAsync(Make(name), ActivationKind.QuickGelu, WeightStorage.Fp32, 1e-4);

    [Theory]
    [MemberData(nameof(Models))]
    public Task GeluEqualsThePlainImplementations(string name) => CompareAsync(Make(name), ActivationKind.Gelu, WeightStorage.Fp32, 1e-4);

    [Theory]
    [MemberData(nameof(Models))]
    public async Task HalfPrecisionStorageIsThePlainImplementationOfTheRoundedWeights(string name)
    {
        SyntheticModel model = Make(name);
        foreach ((string tensor, (long[] shape, float[] values)) in model.Tensors)
        {
            if (shape.Length > 1 && !tensor.EndsWith("positional_embedding", StringComparison.Ordinal))
            {
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = (float)(Half)values[i];
                }
            }
        }

        await CompareAsync(model, ActivationKind.QuickGelu, WeightStorage.Fp16, 1e-4);
        await CompareAsync(model, ActivationKind.QuickGelu, WeightStorage.Fp16WhereExact, 1e-4);
    }

    private static SyntheticModel Make(string name) => name switch
    {
        "one block" => SyntheticModel.Transformer(2, width: 64, layers: 1, textWidth: 64, textLayers: 1),
        "three heads" => SyntheticModel.Transformer(3, width: 192, layers: 3, grid: 2, textWidth: 128, textLayers: 3),
        "long" => SyntheticModel.Transformer(4, grid: 7, patch: 2, context: 40),
        "other patch" => SyntheticModel.Transformer(5, patch: 7, grid: 2, width: 100, textWidth: 70),
        "resnet" => SyntheticModel.ResNet(6),
        "resnet deep" => SyntheticModel.ResNet(7, layers: [1, 3, 2, 2], grid: 1, width: 4),
        _ => SyntheticModel.ResNet(8, width: 12, grid: 2, layers: [1, 1, 1, 1], textWidth: 192),
    };

    private static async Task CompareAsync(SyntheticModel model, ActivationKind activation, WeightStorage weights, double tolerance)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using TemporaryFolder folder = new();
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(
            model.Save(folder["source"]),
            folder["bundle"],
            new ConversionOptions { Activation = activation, Weights = weights },
            cancellationToken: cancellationToken);
        using ClipModel clip = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, cancellationToken);
        PlainClip plain = new(model) { ErfGelu = activation == ActivationKind.Gelu };

        Random random = new(9);
        byte[] pixels = new byte[3 * clip.Preprocessor.PixelCount];
        random.NextBytes(pixels);
        EmbeddingMatrix images = clip.EncodeImage(pixels, 3, cancellationToken);
        for (int i = 0; i < 3; i++)
        {
            AssertClose(plain.EncodeImage(pixels[(i * clip.Preprocessor.PixelCount)..((i + 1) * clip.Preprocessor.PixelCount)]), images[i], tolerance);
        }

        // Ends at several positions, twice, nowhere; zeros alone.
        int vocabulary = clip.Manifest.Architecture.Text.VocabularySize;
        int context = clip.ContextLength;
        int[][] rows =
        [
            [.. Enumerable.Range(0, context).Select(i => i < 5 ? random.Next(500) : i == 5 ? vocabulary - 1 : 0)],
            [.. Enumerable.Range(0, context).Select(i => i is 3 or 7 ? vocabulary - 1 : random.Next(500))],
            [.. Enumerable.Range(0, context).Select(_ => random.Next(500))],
            new int[context],
            [vocabulary - 1, .. Enumerable.Range(1, context - 1).Select(_ => random.Next(500))],
            [.. Enumerable.Range(0, context).Select(i => i == context - 1 ? vocabulary - 1 : random.Next(500))],
        ];
        EmbeddingMatrix texts = clip.EncodeText(new TokenBatch([.. rows.SelectMany(row => row)], rows.Length, context), cancellationToken);
        for (int i = 0; i < rows.Length; i++)
        {
            AssertClose(plain.EncodeText(rows[i]), texts[i], tolerance);
        }
    }

    private static void AssertClose(double[] expected, ReadOnlySpan<float> actual, double tolerance)
        => GoldenModelTests.AssertClose([.. expected.Select(value => (float)value)], actual, tolerance);
}
