using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Tests;

public sealed class OptimizedGraphTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("clip-optimized");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Store => Path.Combine(_root.FullName, "graphs");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task GivesTheSameBitsFromTheBundleAndFromTheStore()
    {
        (float[][] plain, GraphOrigin[] origins, _) = await RunAsync(null);
        (float[][] written, GraphOrigin[] first, string?[] failures) = await RunAsync(Store);
        (float[][] read, GraphOrigin[] second, string?[] laterFailures) = await RunAsync(Store);

        Assert.All(origins, origin => Assert.Equal(GraphOrigin.Bundle, origin));
        Assert.All(first, origin => Assert.Equal(GraphOrigin.OptimizedNow, origin));
        Assert.All(second, origin => Assert.Equal(GraphOrigin.OptimizedBefore, origin));
        Assert.All(failures.Concat(laterFailures), Assert.Null);
        Assert.Equal(plain, written);
        Assert.Equal(plain, read);
        Assert.Equal(2, Directory.GetDirectories(Store).Length);
    }

    [Theory]
    [InlineData(ModelPrecision.Fp32, true)]
    [InlineData(ModelPrecision.Fp32, false)]
    [InlineData(ModelPrecision.Fp16, false)]
    [InlineData(ModelPrecision.DynamicInt8, false)]
    public async Task ServesEveryPrecisionAndExternalData(ModelPrecision precision, bool external)
    {
        string folder = Path.Combine(_root.FullName, "bundle");
        ConversionOptions options = new() { Precision = precision, InlineLimit = external ? 0 : new ConversionOptions().InlineLimit };
        ModelBundle bundle = await CheckpointConverter.ConvertAsync(Path.Combine(RepositoryPaths.DemoBundle, "source"), folder, options, cancellationToken: Token);
        Assert.Equal(external, File.Exists(Path.Combine(folder, "visual.onnx.data")));
        (float[][] plain, _, _) = await RunAsync(null, bundle: bundle);

        (float[][] written, GraphOrigin[] first, _) = await RunAsync(Store, bundle: bundle);
        (float[][] read, GraphOrigin[] second, _) = await RunAsync(Store, bundle: bundle);

        Assert.All(first, origin => Assert.Equal(GraphOrigin.OptimizedNow, origin));
        Assert.All(second, origin => Assert.Equal(GraphOrigin.OptimizedBefore, origin));
        Assert.Equal(plain, written);
        Assert.Equal(plain, read);
    }

    [Theory]
    [InlineData("graph.onnx", "flip")]
    [InlineData("graph.onnx", "cut")]
    [InlineData("graph.onnx", "delete")]
    [InlineData("graph.onnx.data", "flip")]
    [InlineData("graph.onnx.data", "cut")]
    [InlineData("graph.onnx.data", "delete")]
    [InlineData("files.txt", "flip")]
    [InlineData("files.txt", "cut")]
    [InlineData("files.txt", "delete")]
    public async Task ReplacesWhatIsDamaged(string file, string damage)
    {
        (float[][] expected, _, _) = await RunAsync(Store);
        foreach (string entry in Directory.GetDirectories(Store))
        {
            string path = Path.Combine(entry, file);
            byte[] bytes = await File.ReadAllBytesAsync(path, Token);
            bytes[bytes.Length / 2] ^= 0x55;
            File.Delete(path);
            if (damage != "delete")
            {
                await File.WriteAllBytesAsync(path, damage == "flip" ? bytes : bytes[..(bytes.Length / 2)], Token);
            }
        }

        (float[][] repaired, GraphOrigin[] origins, string?[] failures) = await RunAsync(Store);
        (float[][] later, GraphOrigin[] laterOrigins, string?[] laterFailures) = await RunAsync(Store);

        Assert.Equal(expected, repaired);
        Assert.All(origins, origin => Assert.Equal(GraphOrigin.OptimizedNow, origin));
        Assert.All(failures, failure => Assert.Contains("damaged", failure, StringComparison.Ordinal));
        Assert.Equal(expected, later);
        Assert.All(laterOrigins, origin => Assert.Equal(GraphOrigin.OptimizedBefore, origin));
        Assert.All(laterFailures, Assert.Null);
    }

    [Fact]
    public async Task IsSharedByAllWhoStartAtOnce()
    {
        (float[][] expected, _, _) = await RunAsync(null);

        (float[][] Vectors, GraphOrigin[] Origins, string?[] Failures)[] runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => RunAsync(Store), Token)));

        Assert.All(runs, run => Assert.Equal(expected, run.Vectors));
        Assert.All(runs.SelectMany(run => run.Failures), Assert.Null);
        Assert.Equal(2, Directory.GetFileSystemEntries(Store).Length);
    }

    [Fact]
    public async Task UsesTheBundleWhereNothingCanBeKept()
    {
        string blocked = Path.Combine(_root.FullName, "file");
        await File.WriteAllTextAsync(blocked, "no directory", Token);
        (float[][] expected, _, _) = await RunAsync(null);

        (float[][] vectors, GraphOrigin[] origins, string?[] failures) = await RunAsync(blocked);

        Assert.Equal(expected, vectors);
        Assert.All(origins, origin => Assert.Equal(GraphOrigin.Bundle, origin));
        Assert.All(failures, Assert.NotNull);
    }

    [Fact]
    public async Task RemovesWhatIsOldOrLeftBehind()
    {
        DirectoryInfo other = Entry("0000000000000000-other-version", days: 8);
        DirectoryInfo recent = Entry("0000000000000000-other-but-in-use", days: 2);
        DirectoryInfo died = Entry("0000000000000000-a.1-2.tmp", days: 2);

        await RunAsync(Store);

        Assert.False(Directory.Exists(other.FullName));
        Assert.True(Directory.Exists(recent.FullName));
        Assert.False(Directory.Exists(died.FullName));
    }

    [Fact]
    public async Task StaysWithinItsLimit()
    {
        DirectoryInfo old = Entry("0000000000000000-old", days: 3, bytes: 60 << 20);

        // Enough for both towers of the demo model, not for the old entry beside them.
        await RunAsync(Store, limitMB: 64);
        Assert.False(Directory.Exists(old.FullName));
        Assert.Equal(2, Directory.GetDirectories(Store).Length);

        (_, GraphOrigin[] origins, string?[] failures) = await RunAsync(Path.Combine(_root.FullName, "tiny"), limitMB: 1);
        Assert.All(origins, origin => Assert.Equal(GraphOrigin.Bundle, origin));
        Assert.All(failures, Assert.Null);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LiesInTheCacheDirectoryUnlessTurnedOff(bool kept)
    {
        await using ModelCache cache = new(new ModelCacheOptions { CacheDirectory = _root.FullName, CacheOptimizedGraphs = kept }, NullLogger<ModelCache>.Instance);
        using ModelLease lease = await cache.LeaseAsync("demo", Token);
        lease.Model.EncodeText(["a cat"], cancellationToken: Token);

        Assert.Equal(kept ? 1 : 0, Directory.Exists(Path.Combine(_root.FullName, ".optimized")) ? Directory.GetDirectories(Path.Combine(_root.FullName, ".optimized")).Length : 0);
        Assert.Equal(["demo"], await cache.AvailableModelsAsync(Token));
    }

    [Fact]
    public void AreKeptByThemselvesOnlyForWeightsOfSixteenBits()
    {
        ModelBundle half = ModelBundle.Open(RepositoryPaths.DemoBundle);
        ModelBundle full = ModelBundle.FromManifest(half.Folder, half.Manifest with { Weights = WeightStorage.Fp32 });
        ModelCacheOptions options = new() { CacheDirectory = _root.FullName };

        Assert.Equal(Path.Combine(_root.FullName, ".optimized"), options.RunOptions(half).OptimizedGraphDirectory);
        Assert.Null(options.RunOptions(full).OptimizedGraphDirectory);
        Assert.NotNull((options with { CacheOptimizedGraphs = true }).RunOptions(full).OptimizedGraphDirectory);
        Assert.Null((options with { CacheOptimizedGraphs = false }).RunOptions(half).OptimizedGraphDirectory);
    }

    private static async Task<(float[][] Vectors, GraphOrigin[] Origins, string?[] Failures)> RunAsync(string? store, long limitMB = 1024, ModelBundle? bundle = null)
    {
        using ClipModel model = await ClipModel.LoadAsync(
            bundle ?? ModelBundle.Open(RepositoryPaths.DemoBundle),
            new ClipModelOptions { Device = "cpu", OptimizedGraphDirectory = store, OptimizedGraphLimitMB = limitMB },
            Token);
        List<TowerLoadEventArgs> loads = [];
        model.TowerLoaded += (_, load) => loads.Add(load);
        byte[] pixels = new byte[model.Preprocessor.PixelCount * 5];
        new Random(5).NextBytes(pixels);
        string[] texts = ["a cat", "two dogs on a red mat", "a", "a green ball and a blue box", "rain"];
        float[][] vectors =
        [
            .. ((int[])[1, 2, 5]).SelectMany(count => new float[][]
            {
                model.EncodeImage(pixels.AsMemory(0, model.Preprocessor.PixelCount * count), count, Token).Values.ToArray(),
                model.EncodeText(texts[..count], cancellationToken: Token).Values.ToArray(),
            }),
        ];
        Assert.Equal(2, loads.Count);
        return (vectors, [.. loads.Select(load => load.Origin)], [.. loads.Select(load => load.OptimizedGraphFailure)]);
    }

    private DirectoryInfo Entry(string name, int days, int bytes = 10)
    {
        DirectoryInfo folder = Directory.CreateDirectory(Path.Combine(Store, name));
        File.WriteAllBytes(Path.Combine(folder.FullName, "graph.onnx"), new byte[bytes]);
        string list = Path.Combine(folder.FullName, "files.txt");
        File.WriteAllText(list, "");
        File.SetLastWriteTimeUtc(list, DateTime.UtcNow.AddDays(-days));
        return folder;
    }
}
