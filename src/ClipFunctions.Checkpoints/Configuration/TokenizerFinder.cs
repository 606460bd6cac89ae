using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints.Configuration;

/// <summary>Finds the vocabulary beside a published model, and how its texts are cleaned and its rows padded.</summary>
internal static class TokenizerFinder
{
    // Both T5's vocabulary and Gemma's begin with the padding and the end token.
    private const int PaddingId = 0;
    private const int EndId = 1;
    private const int GemmaVocabulary = 256000;

    private static readonly string[] PieceFiles = ["spiece.model", "tokenizer.model"];

    /// <summary>What a manifest says of the vocabulary; without files where there is none.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="place">Where in it the vocabulary is: empty, or a folder's name and a slash. The spec's files begin with it.</param>
    /// <param name="sentencePiece">Whether the vocabulary is a SentencePiece one (SigLIP) or openai's BPE.</param>
    /// <param name="openClipCleaning">What open_clip's configuration says of cleaning; null for Hugging Face's models.</param>
    /// <param name="text">The text tower's sizes.</param>
    /// <exception cref="InvalidCheckpointException">A configuration says what no model here has, or there are several vocabularies.</exception>
    public static TokenizerSpec Find(string folder, string place, bool sentencePiece, TextCleaning? openClipCleaning, TextArchitecture text)
    {
        string[] files = sentencePiece
            ? [.. PieceFiles.Append("tokenizer.json").Where(Exists).Take(1)]
            : Exists("vocab.json") && Exists("merges.txt") ? ["vocab.json", "merges.txt"]
            : PackedMerges() is { Length: > 0 } packed ? packed
            : Exists("tokenizer.json") ? ["tokenizer.json"] : [];
        return Describe(folder, place, [.. files.Select(name => place + name)], sentencePiece, openClipCleaning, text);

        bool Exists(string name) => File.Exists(Path.Combine(folder, place, name));

        string[] PackedMerges()
        {
            string where = Path.Combine(folder, place);
            string[] found = Directory.Exists(where) ? [.. Directory.GetFiles(where, "bpe*.txt.gz").Select(path => Path.GetFileName(path))] : [];
            return found.Length <= 1 ? found : throw new InvalidCheckpointException(folder, null, $"expected one bpe*.txt.gz, found {found.Length}; name the one to take.");
        }
    }

    /// <summary>The same for files that are named.</summary>
    /// <inheritdoc cref="Find"/>
    /// <param name="folder">The model's folder.</param>
    /// <param name="place">Where in it the tokenizer's configuration is.</param>
    /// <param name="files">The names of the files.</param>
    /// <param name="sentencePiece">Whether the vocabulary is a SentencePiece one (SigLIP) or openai's BPE.</param>
    /// <param name="openClipCleaning">What open_clip's configuration says of cleaning; null for Hugging Face's models.</param>
    /// <param name="text">The text tower's sizes.</param>
    public static TokenizerSpec Describe(string folder, string place, IReadOnlyList<string> files, bool sentencePiece, TextCleaning? openClipCleaning, TextArchitecture text)
    {
        TokenizerSpec spec = new() { Kind = TokenizerSpec.ClipBpe, ContextLength = text.ContextLength, Files = files };
        if (!sentencePiece)
        {
            return spec;
        }

        string path = Path.Combine(folder, place, "tokenizer_config.json");
        ConfigurationObject? configuration = File.Exists(path) ? ConfigurationObject.Load(path) : null;
        bool gemma = IsGemma(configuration, text);
        return spec with
        {
            Kind = TokenizerSpec.SentencePiece,
            Cleaning = openClipCleaning ?? (gemma ? TextCleaning.Lowercase : TextCleaning.Siglip),
            PadTokenId = Padding(configuration) ?? (gemma ? PaddingId : EndId),
        };
    }

    private static bool IsGemma(ConfigurationObject? configuration, TextArchitecture text) => configuration?.Text("tokenizer_class") switch
    {
        { } name when name.StartsWith("Gemma", StringComparison.Ordinal) || name.StartsWith("Siglip2", StringComparison.Ordinal) => true,
        { } name when name.StartsWith("Siglip", StringComparison.Ordinal) || name.StartsWith("T5", StringComparison.Ordinal) => false,
        _ => text.VocabularySize == GemmaVocabulary,
    };

    private static int? Padding(ConfigurationObject? configuration)
    {
        string? token = configuration is null ? null : configuration.HasObject("pad_token") ? configuration.Object("pad_token")!.Text("content") : configuration.Text("pad_token");
        return token switch
        {
            null => null,
            "<pad>" => PaddingId,
            "</s>" or "<eos>" => EndId,
            _ => throw configuration!.Unsupported("pad_token", $"expected <pad>, </s> or <eos>, found '{token}'."),
        };
    }
}
