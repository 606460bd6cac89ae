using Xunit;

namespace ClipFunctions.Testing;

/// <summary>
/// Golden data made by running the reference code. It stands in <c>../shared/reference</c> beside the checkout, or in the
/// folder that <c>CLIP_REFERENCE_DIR</c> names; tests that need a file that is not there are skipped.
/// </summary>
public static class GoldenData
{
    /// <summary>The trait of every golden test: <c>./test.sh --golden</c> runs these alone.</summary>
    public const string Category = "Golden";

    private const string VocabularyFile = "vocab/bpe_simple_vocab_16e6.txt.gz";

    /// <summary>The folder of the golden data; it need not exist.</summary>
    public static string Root { get; } = Environment.GetEnvironmentVariable("CLIP_REFERENCE_DIR") is { Length: > 0 } folder
        ? Path.GetFullPath(folder)
        : Beside;

    /// <summary>OpenAI's vocabulary; where the golden data lack it, the one beside the checkout; null if neither is there.</summary>
    public static string? Vocabulary { get; } = new[] { Root, Beside }
        .Select(folder => Path.Combine(folder, VocabularyFile))
        .FirstOrDefault(File.Exists);

    /// <summary>Whether a file or folder of the golden data is there.</summary>
    public static bool Has(string relativePath)
    {
        string path = Path.Combine(Root, relativePath);
        return File.Exists(path) || Directory.Exists(path);
    }

    /// <summary>The path of a file or folder of the golden data; skips the calling test where it is absent.</summary>
    public static string Require(string relativePath)
    {
        Assert.SkipUnless(Has(relativePath), $"No golden data: {relativePath} is not in {Root} (set CLIP_REFERENCE_DIR).");
        return Path.Combine(Root, relativePath);
    }

    /// <summary>OpenAI's vocabulary; skips the calling test where it is absent.</summary>
    public static string RequireVocabulary()
    {
        Assert.SkipWhen(Vocabulary is null, $"No golden data: {VocabularyFile} is not in {Root} (set CLIP_REFERENCE_DIR).");
        return Vocabulary!;
    }

    private static string Beside => Path.GetFullPath(Path.Combine(RepositoryPaths.Root, "..", "shared", "reference"));
}
