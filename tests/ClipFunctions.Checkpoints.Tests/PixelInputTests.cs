using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Testing;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>The graph that takes bytes against the one that takes the reference's normalised floats.</summary>
[Trait("Category", GoldenData.Category)]
public class PixelInputTests
{
    public static TheoryData<string, string> Checkpoints => GoldenModels.Checkpoints();

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task BytesGiveWhatTheirNormalisedFloatsGive(string model, string file)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using ClipModel bytes = await LoadAsync(await GoldenModels.ConvertAsync(model, file, GraphInputKind.PixelsUInt8Nhwc));
        using ClipModel floats = await LoadAsync(await GoldenModels.ConvertAsync(model, file));

        // Noise, black, white, and a white picture with a black border, where padding would leak.
        int side = bytes.ImageSize;
        int each = side * side * 3;
        byte[] pixels = new byte[5 * each];
        new Random(1).NextBytes(pixels.AsSpan(0, 2 * each));
        pixels.AsSpan(3 * each).Fill(255);
        for (int i = 0; i < side * side; i++)
        {
            if (i % side == 0 || i % side == side - 1 || i / side == 0 || i / side == side - 1)
            {
                pixels.AsSpan((4 * each) + (i * 3), 3).Clear();
            }
        }

        float[] normalised = new float[pixels.Length];
        PreprocessingSpec spec = bytes.Manifest.Preprocessing;
        for (int picture = 0; picture < 5; picture++)
        {
            for (int c = 0; c < 3; c++)
            {
                for (int at = 0; at < side * side; at++)
                {
                    normalised[(picture * each) + (c * side * side) + at] = ((pixels[(picture * each) + (at * 3) + c] / 255f) - spec.Mean[c]) / spec.Std[c];
                }
            }
        }

        EmbeddingMatrix expected = floats.EncodeNormalized(normalised, 5, cancellationToken);
        EmbeddingMatrix actual = bytes.EncodeImage(pixels, 5, cancellationToken);
        GoldenModelTests.AssertClose(expected.Values.Span, actual.Values.Span, 2e-5);
    }

    private static Task<ClipModel> LoadAsync(ModelBundle bundle) => ClipModel.LoadAsync(bundle, new ClipModelOptions { Device = "cpu" }, TestContext.Current.CancellationToken);
}
