using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Testing;
using CsCheck;

namespace ClipFunctions.Clip.Tests.Inference;

/// <summary>What is made for GPUs, proved on the CPU: the arithmetic is another one there, the filling up and cutting is the same.</summary>
public sealed class BatchShapeTests
{
    private const float Tolerance = 1e-5f;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(17, 32)]
    [InlineData(32, 32)]
    [InlineData(33, 64)]
    public void RowsAreFilledUpToAPowerOfTwo(int count, int rows) => Assert.Equal(rows, BatchBuckets.Rows(count));

    [Theory]
    [InlineData(1, 8)]
    [InlineData(8, 8)]
    [InlineData(9, 16)]
    [InlineData(76, 77)]
    [InlineData(77, 77)]
    public void TextsAreFilledUpToAMultipleOfEightTokensWithinTheContext(int length, int tokens) => Assert.Equal(tokens, BatchBuckets.Tokens(length, 77));

    [Fact]
    public async Task FillingUpChangesNoPicturesVector()
    {
        using ClipModel exact = await LoadAsync(BatchShapes.Exact);
        using ClipModel buckets = await LoadAsync(BatchShapes.Buckets);
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 1000]).Sample(
            (count, seed) =>
            {
                byte[] pixels = new byte[count * exact.Preprocessor.PixelCount];
                new Random(seed).NextBytes(pixels);
                Near(exact.EncodeImage(pixels, count, Token), buckets.EncodeImage(pixels, count, Token));
            },
            iter: 12);
    }

    [Fact]
    public async Task FillingUpChangesNoTextsVector()
    {
        using ClipModel exact = await LoadAsync(BatchShapes.Exact);
        using ClipModel buckets = await LoadAsync(BatchShapes.Buckets);
        string[] words = ["a", "photo", "of", "the", "red", "balloon", "cat", "dog", "under", "a", "tree"];
        Gen.Int[1, 30].Array[1, 20].Sample(
            lengths =>
            {
                string[] texts = [.. lengths.Select(length => string.Join(' ', Enumerable.Range(0, length).Select(i => words[(i * length) % words.Length])))];
                Near(exact.EncodeText(texts, true, Token), buckets.EncodeText(texts, true, Token));
            },
            iter: 30);
    }

    [Fact]
    public async Task BatchesOfOneShapeMayRunAtATime()
    {
        using ClipModel model = await LoadAsync(BatchShapes.Buckets);
        EmbeddingMatrix[] alone = [.. Enumerable.Range(0, 8).Select(i => model.EncodeImage(Pixels(model, i, 3), 3, Token))];

        EmbeddingMatrix[] together = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => model.EncodeImage(Pixels(model, i, 3), 3, Token), Token)));

        for (int i = 0; i < alone.Length; i++)
        {
            Near(alone[i], together[i]);
        }
    }

    [Fact]
    public async Task OnTheCpuBatchesStayAsTheyAreUnlessAskedOtherwise()
    {
        using ClipModel model = await LoadAsync(BatchShapes.Auto);
        using ClipModel exact = await LoadAsync(BatchShapes.Exact);
        byte[] pixels = Pixels(model, 1, 3);

        Assert.Equal(exact.EncodeImage(pixels, 3, Token).Values.ToArray(), model.EncodeImage(pixels, 3, Token).Values.ToArray());
    }

    [Fact]
    public async Task ACancelledBatchLeavesTheModelUsable()
    {
        using ClipModel model = await LoadAsync(BatchShapes.Buckets);
        byte[] pixels = Pixels(model, 2, 32);
        EmbeddingMatrix before = model.EncodeImage(pixels, 32, Token);
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(2));

        try
        {
            model.EncodeImage(pixels, 32, stop.Token);
        }
        catch (OperationCanceledException)
        {
        }

        Assert.False(model.IsFaulted);
        Near(before, model.EncodeImage(pixels, 32, Token));
    }

    [Fact]
    public void TheCudaProviderIsToldWhatTheOptionsSay()
    {
        Assert.Equal(
            new Dictionary<string, string> { ["device_id"] = "0", ["arena_extend_strategy"] = "kSameAsRequested", ["cudnn_conv_algo_search"] = "HEURISTIC", ["use_tf32"] = "0" },
            new CudaOptions().ToProviderOptions(0));
        Assert.Equal(
            new Dictionary<string, string> { ["device_id"] = "1", ["arena_extend_strategy"] = "kNextPowerOfTwo", ["cudnn_conv_algo_search"] = "EXHAUSTIVE", ["use_tf32"] = "1", ["gpu_mem_limit"] = "2147483648" },
            new CudaOptions { GrowAsRequested = false, ConvolutionSearch = ConvolutionSearch.Exhaustive, UseTf32 = true, MemoryLimitMB = 2048 }.ToProviderOptions(1));
    }

    private static byte[] Pixels(ClipModel model, int seed, int count)
    {
        byte[] pixels = new byte[count * model.Preprocessor.PixelCount];
        new Random(seed).NextBytes(pixels);
        return pixels;
    }

    private static Task<ClipModel> LoadAsync(BatchShapes shapes) =>
        ClipModel.LoadAsync(ModelBundle.Open(RepositoryPaths.DemoBundle), new ClipModelOptions { Device = "cpu", BatchShapes = shapes }, Token);

    private static void Near(EmbeddingMatrix expected, EmbeddingMatrix actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int row = 0; row < expected.Count; row++)
        {
            for (int i = 0; i < expected.Dimension; i++)
            {
                Assert.Equal(expected[row][i], actual[row][i], Tolerance);
            }
        }
    }
}
