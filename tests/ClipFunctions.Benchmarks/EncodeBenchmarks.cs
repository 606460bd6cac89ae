using BenchmarkDotNet.Attributes;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks;

/// <summary>The demo model's image tower, all cores: time per batch.</summary>
public class EncodeBenchmarks
{
    private ClipModel _model = null!;
    private byte[] _pixels = [];

    /// <summary>Pictures per call.</summary>
    [Params(1, 8, 32, 128)]
    public int Batch { get; set; }

    /// <summary>Loads the model.</summary>
    [GlobalSetup]
    public async Task SetupAsync()
    {
        _model = await ClipModel.LoadAsync(ModelBundle.Open(RepositoryPaths.DemoBundle));
        _pixels = new byte[Batch * _model.ImageSize * _model.ImageSize * 3];
        new Random(1).NextBytes(_pixels);
    }

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Cleanup() => _model.Dispose();

    /// <summary>Pixels to vectors.</summary>
    [Benchmark]
    public int EncodeImage() => _model.EncodeImage(_pixels, Batch).Count;
}
