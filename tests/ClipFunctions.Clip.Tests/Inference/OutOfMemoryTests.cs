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
    private const string FromEnvironment = "session.use_env_allocators";

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

    [Theory]
    [InlineData(BatchShapes.Exact)]
    [InlineData(BatchShapes.Buckets)]
    public void ASinglePictureThatDoesNotFitLeavesTheModelFaulted(BatchShapes shapes)
    {
        using ClipModel model = Load(shapes);
        byte[] pixels = new byte[model.Preprocessor.PixelCount];
        model.EncodeImage(pixels, 1, Token);
        Assert.False(model.IsFaulted);
        List<IDisposable> taken = TakeAll();
        try
        {
            Assert.Throws<OnnxRuntimeException>(() => model.EncodeImage(pixels, 1, Token));
        }
        finally
        {
            taken.ForEach(results => results.Dispose());
        }

        Assert.True(model.IsFaulted);
    }

    /// <summary>Fills the limited memory with another session's results, which stay there until they are disposed of.</summary>
    private static List<IDisposable> TakeAll()
    {
        using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        options.AddSessionConfigEntry(FromEnvironment, "1");
        using InferenceSession session = new(Negation(), options);
        List<IDisposable> taken = [];
        using RunOptions run = new();
        for (int length = 1 << 18; length >= 1 << 8;)
        {
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(new float[length], [length]);
            try
            {
                taken.Add(session.Run(run, ["x"], [input], ["y"]));
            }
            catch (OnnxRuntimeException)
            {
                length /= 2;
            }

            Assert.True(taken.Count < 10_000, "The memory has no limit.");
        }

        return taken;
    }

    /// <summary>An ONNX file of one node: <c>y[n] = -x[n]</c>.</summary>
    private static byte[] Negation()
    {
        byte[] node = [.. Field(1, "x"u8), .. Field(2, "y"u8), .. Field(4, "Neg"u8)];
        byte[] type = Field(1, [0x08, 1, .. Field(2, Field(1, Field(2, "n"u8)))]);
        byte[] graph =
        [
            .. Field(1, node),
            .. Field(2, "negation"u8),
            .. Field(11, [.. Field(1, "x"u8), .. Field(2, type)]),
            .. Field(12, [.. Field(1, "y"u8), .. Field(2, type)]),
        ];
        return [0x08, 8, .. Field(7, graph), .. Field(8, [0x10, 17])];

        static byte[] Field(int number, ReadOnlySpan<byte> content) => [(byte)(number << 3 | 2), (byte)content.Length, .. content];
    }

    private static ClipModel Load(BatchShapes shapes)
    {
        Assert.True(Limited.Value);
        return new ClipModel(
            ModelBundle.Open(RepositoryPaths.DemoBundle),
            new ClipModelOptions { Device = "cpu", BatchShapes = shapes, MaxImageBatch = 64 },
            session => session.AddSessionConfigEntry(FromEnvironment, "1"));
    }
}
