using System.Text;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;

namespace ClipFunctions.Clip.Tests.Tokenization;

/// <summary>Vocabularies for the tests: a small one made here, and OpenAI's where the golden data are.</summary>
internal static class TestVocabulary
{
    private const string OfficialFile = "vocab/bpe_simple_vocab_16e6.txt.gz";

    private static readonly Lazy<ClipTokenizer> OfficialTokenizer = new(() => ClipTokenizer.Load(OfficialPath!));

    public const string SmallMerges = """
        #version: 0.2
        c a
        ca t</w>
        d o
        do g</w>
        l l
        e ll
        h ell
        hell o</w>
        a a
        aa aa
        Ã ©</w>

        """;

    public static ClipTokenizer Small { get; } = ClipTokenizer.FromMerges(new MemoryStream(Encoding.UTF8.GetBytes(SmallMerges)));

    public static Vocabulary SmallVocabulary { get; } = Vocabulary.FromMerges(new MemoryStream(Encoding.UTF8.GetBytes(SmallMerges)), "test");

    /// <summary>The official vocabulary file; with other golden data that lack it, the one beside the checkout.</summary>
    public static string? OfficialPath { get; } = new[]
    {
        Path.Combine(GoldenData.Root, OfficialFile),
        Path.GetFullPath(Path.Combine(RepositoryPaths.Root, "..", "shared", "reference", OfficialFile)),
    }.FirstOrDefault(File.Exists);

    /// <summary>OpenAI's vocabulary, if it is there.</summary>
    public static Vocabulary? OfficialVocabulary
    {
        get
        {
            if (OfficialPath is null)
            {
                return null;
            }

            using FileStream stream = File.OpenRead(OfficialPath);
            return Vocabulary.FromMerges(stream, OfficialPath);
        }
    }

    /// <summary>OpenAI's tokenizer; skips the calling test where its vocabulary is not there.</summary>
    public static ClipTokenizer RequireOfficial()
    {
        Assert.SkipWhen(OfficialPath is null, $"No golden data: {OfficialFile} is not in {GoldenData.Root} (set CLIP_REFERENCE_DIR).");
        return OfficialTokenizer.Value;
    }
}
