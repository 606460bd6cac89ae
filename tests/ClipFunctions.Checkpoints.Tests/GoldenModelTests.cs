using System.Numerics.Tensors;
using ClipFunctions.Checkpoints.Formats;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>
/// Converted models against what the reference computed. Its pictures are normalised float tensors, some of them noise that no bytes
/// give, so they go through a graph built with that input; <see cref="PixelInputTests"/> shows that the graph for bytes, which is what
/// ships, equals it on the same pictures.
/// </summary>
[Trait("Category", GoldenData.Category)]
public class GoldenModelTests
{
    public static TheoryData<string, string> Checkpoints => GoldenModels.Checkpoints();

    public static TheoryData<string, string> CheckpointsWithGelu => GoldenModels.Checkpoints("gelu.image_features");

    public static TheoryData<string, string, string> EveryForm => GoldenModels.EveryForm();

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task FeaturesLogitsAndProbabilitiesAreTheReferences(string model, string file)
    {
        using SafetensorsFile golden = GoldenModels.Outputs(model);
        await CheckAsync(model, file, golden, "", ActivationKind.QuickGelu, WeightStorage.Fp32);
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task ExactHalfPrecisionStorageChangesNothing(string model, string file)
    {
        using SafetensorsFile golden = GoldenModels.Outputs(model);
        await CheckAsync(model, file, golden, "", ActivationKind.QuickGelu, WeightStorage.Fp16WhereExact);
    }

    [Theory]
    [MemberData(nameof(CheckpointsWithGelu))]
    public async Task GeluByTheErrorFunctionIsOpenClips(string model, string file)
    {
        using SafetensorsFile golden = GoldenModels.Outputs(model);
        await CheckAsync(model, file, golden, "gelu.", ActivationKind.Gelu, WeightStorage.Fp32);
    }

    [Theory]
    [MemberData(nameof(EveryForm))]
    public async Task EveryPublishedFormGivesTheReferencesVectors(string model, string file, string configuration)
    {
        using SafetensorsFile golden = GoldenModels.Outputs(model);
        ModelBundle bundle = await GoldenModels.ConvertAsync(model, file, activation: null, configuration: configuration);
        await CheckAsync(bundle, golden, PrefixFor(bundle, golden));
    }

    [Theory]
    [MemberData(nameof(EveryForm))]
    public Task HalfPrecisionStaysWithinACosineOf9999(string model, string file, string configuration)
        => CheckCosinesAsync(model, file, configuration, ModelPrecision.Fp16, 0.9999f);

    [Theory]
    [MemberData(nameof(EveryForm))]
    public Task EightBitIntegersStayWithinACosineOf995(string model, string file, string configuration)
        => CheckCosinesAsync(model, file, configuration, ModelPrecision.DynamicInt8, 0.995f);

    private static async Task CheckCosinesAsync(string model, string file, string configuration, ModelPrecision precision, float least)
    {
        using SafetensorsFile golden = GoldenModels.Outputs(model);
        ModelBundle bundle = await GoldenModels.ConvertAsync(model, file, activation: null, precision: precision, configuration: configuration);
        string prefix = PrefixFor(bundle, golden);
        (EmbeddingMatrix image, EmbeddingMatrix text) = await EncodeAsync(bundle, golden);
        float worst = Math.Min(Worst(GoldenModels.Matrix(golden, $"{prefix}image_features"), image), Worst(GoldenModels.Matrix(golden, $"{prefix}text_features"), text));
        TestContext.Current.TestOutputHelper?.WriteLine($"least cosine {worst:g7}");
        Assert.True(worst >= least, $"A cosine is {worst:g7}, expected at least {least}.");

        static float Worst(EmbeddingMatrix expected, EmbeddingMatrix actual)
        {
            Assert.Equal((expected.Count, expected.Dimension), (actual.Count, actual.Dimension));
            return Enumerable.Range(0, expected.Count).Min(row => TensorPrimitives.CosineSimilarity(expected[row], actual[row]));
        }
    }

    // The reference's outputs with the other activation stand beside those with its own.
    private static string PrefixFor(ModelBundle bundle, SafetensorsFile golden)
    {
        string prefix = bundle.Manifest.Architecture.Activation == ActivationKind.QuickGelu ? "" : "gelu.";
        Assert.SkipUnless(golden.Tensors.ContainsKey($"{prefix}image_features"), $"No golden data: {golden.Name} has no {prefix}image_features.");
        return prefix;
    }

    private static async Task<(EmbeddingMatrix Image, EmbeddingMatrix Text)> EncodeAsync(ModelBundle bundle, SafetensorsFile golden)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using ClipModel clip = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, cancellationToken);
        TensorInfo images = golden.Tensors["image"];
        TensorInfo texts = golden.Tensors["text"];
        TokenBatch tokens = new(GoldenModels.Integers(golden, "text"), (int)texts.Shape[0], (int)texts.Shape[1]);
        return (clip.EncodeNormalized(GoldenModels.Floats(golden, "image"), (int)images.Shape[0], cancellationToken), clip.EncodeText(tokens, cancellationToken));
    }

    private static async Task CheckAsync(string model, string file, SafetensorsFile golden, string prefix, ActivationKind activation, WeightStorage weights)
        => await CheckAsync(await GoldenModels.ConvertAsync(model, file, activation: activation, weights: weights), golden, prefix);

    private static async Task CheckAsync(ModelBundle bundle, SafetensorsFile golden, string prefix)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using ClipModel clip = await ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, cancellationToken);

        (EmbeddingMatrix image, EmbeddingMatrix text) = await EncodeAsync(bundle, golden);

        AssertVectors(GoldenModels.Matrix(golden, $"{prefix}image_features"), image);
        AssertVectors(GoldenModels.Matrix(golden, $"{prefix}text_features"), text);
        AssertClose(GoldenModels.Floats(golden, $"{prefix}image_features_norm"), image.Normalize().Values.Span, 1e-5);
        AssertClose(GoldenModels.Floats(golden, $"{prefix}text_features_norm"), text.Normalize().Values.Span, 1e-5);

        ClipOutput output = clip.Score(image, text);
        AssertClose(GoldenModels.Floats(golden, $"{prefix}logits_per_image"), output.LogitsPerImage.Values.Span, 1e-4);
        AssertClose(GoldenModels.Floats(golden, $"{prefix}logits_per_text"), output.LogitsPerText.Values.Span, 1e-4);
        AssertClose(GoldenModels.Floats(golden, $"{prefix}probs"), output.LogitsPerImage.Softmax().Values.Span, 1e-5);
        AssertClose(GoldenModels.Floats(golden, $"{prefix}probs_text"), output.LogitsPerText.Softmax().Values.Span, 1e-5);
    }

    private static void AssertVectors(EmbeddingMatrix expected, EmbeddingMatrix actual)
    {
        AssertClose(expected.Values.Span, actual.Values.Span, 1e-4);
        for (int row = 0; row < expected.Count; row++)
        {
            Assert.True(TensorPrimitives.CosineSimilarity(expected[row], actual[row]) >= 0.999999f, $"cosine of row {row}");
        }
    }

    internal static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            worst = Math.Max(worst, Math.Abs((double)expected[i] - actual[i]));
        }

        Assert.True(worst <= tolerance, $"differs by {worst:g3}, tolerance {tolerance:g3}");
        TestContext.Current.TestOutputHelper?.WriteLine($"worst {worst:g3}");
    }
}
