using System.Text;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;

namespace ClipFunctions.Clip.Tests.Tokenization;

/// <summary>Vocabularies for the tests: a small one made here, and OpenAI's where the golden data are.</summary>
internal static class TestVocabulary
{
    private static readonly Lazy<ClipTokenizer> OfficialTokenizer = new(() => ClipTokenizer.Load(GoldenData.Vocabulary!));

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

    /// <summary>OpenAI's vocabulary, if it is there.</summary>
    public static Vocabulary? OfficialVocabulary
    {
        get
        {
            if (GoldenData.Vocabulary is null)
            {
                return null;
            }

            using FileStream stream = File.OpenRead(GoldenData.Vocabulary);
            return Vocabulary.FromMerges(stream, GoldenData.Vocabulary);
        }
    }

    /// <summary>OpenAI's tokenizer; skips the calling test where its vocabulary is not there.</summary>
    public static ClipTokenizer RequireOfficial()
    {
        GoldenData.RequireVocabulary();
        return OfficialTokenizer.Value;
    }
}
