using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Testing;
using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Clip.Tests.Inference;

/// <summary>
/// Real lack of memory: ONNX Runtime's own arena with a limit, on the CPU. It is the arena that CUDA's memory is taken from, too, with the same message;
/// what the CUDA runtime itself says when it has none was not seen here.
/// </summary>
public sealed class OutOfMemoryTests
{
    // Between what a few of the demo's pictures take and what 64 do.
    private const uint LimitMB = 12;

    private static readonly Lazy<bool> Limited = new(() =>
    {
        using OrtMemoryInfo memory = new(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
        using OrtArenaCfg arena = new(LimitMB << 20, 1, -1, -1);
        OnnxEnvironment.Instance.CreateAndRegisterAllocator(memory, arena);
        return true;
    });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(BatchShapes.Exact)]
    [InlineData(BatchShapes.Buckets)]
    public void ABatchThatDoesNotFitIsDoneInHalvesAndLaterOnesAreNotTried(BatchShapes shapes)
    {
        using ClipModel unlimited = new(ModelBundle.Open(RepositoryPaths.DemoBundle), new ClipModelOptions { Device = "cpu" });
        using ClipModel model = Load(shapes);
        List<BatchReducedEventArgs> reductions = [];
        model.BatchReduced += (_, reduced) => reductions.Add(reduced);
        const int Count = 64;
        byte[] pixels = new byte[Count * model.Preprocessor.PixelCount];
        new Random(1).NextBytes(pixels);

        EmbeddingMatrix vectors = model.EncodeImage(pixels, Count, Token);

        Assert.NotEmpty(reductions);
        Assert.Equal((ModelTowers.Vision, Count, Count / 2), (reductions[0].Tower, reductions[0].Rows, reductions[0].Most));
        Assert.False(model.IsFaulted);
        EmbeddingMatrix expected = unlimited.EncodeImage(pixels, Count, Token);
        for (int i = 0; i < expected.Values.Length; i++)
        {
            Assert.Equal(expected.Values.Span[i], vectors.Values.Span[i], 1e-5f);
        }

        int before = reductions.Count;
        model.EncodeImage(pixels, Count, Token);
        Assert.Equal(before, reductions.Count);
    }

    private static ClipModel Load(BatchShapes shapes)
    {
        Assert.True(Limited.Value);
        return new ClipModel(
            ModelBundle.Open(RepositoryPaths.DemoBundle),
            new ClipModelOptions { Device = "cpu", BatchShapes = shapes, MaxImageBatch = 64 },
            session => session.AddSessionConfigEntry("session.use_env_allocators", "1"));
    }
}
