using BenchmarkDotNet.Attributes;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;

namespace ClipFunctions.Benchmarks;

/// <summary>Texts per second, one thread.</summary>
[MemoryDiagnoser]
public class TokenizerBenchmarks
{
    private const int Texts = 1000;

    private static readonly string[] Things = ["cat", "golden retriever", "fire truck", "Eiffel Tower", "cup of coffee", "snow-covered mountain", "old bicycle", "croissant"];
    private static readonly string[] Forms = ["a photo of a {0}.", "A close-up photo of the {0}!", "two people & one {0} in the park", "itap of my {0}, 1980s", "the caf\u00e9's {0}"];

    private ClipTokenizer _tokenizer = null!;
    private string[] _texts = [];

    /// <summary>Makes the captions.</summary>
    [GlobalSetup]
    public void Setup()
    {
        // The official vocabulary where it is at hand, else the demo model's.
        _tokenizer = ClipTokenizer.Load(GoldenData.Vocabulary ?? RepositoryPaths.DemoBundle);
        _texts = [.. Enumerable.Range(0, Texts).Select(i => string.Format(System.Globalization.CultureInfo.InvariantCulture, Forms[i % Forms.Length], $"{Things[i % Things.Length]} {i}"))];
    }

    /// <summary>Mixed captions, each with a number of its own.</summary>
    [Benchmark(OperationsPerInvoke = Texts)]
    public int MixedCaptions() => _tokenizer.Tokenize(_texts, truncate: true).Count;
}
