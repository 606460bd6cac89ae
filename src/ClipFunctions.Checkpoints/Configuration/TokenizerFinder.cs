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
    /// <param name="openClipText"><c>text_cfg</c> of open_clip's configuration; null for Hugging Face's models.</param>
    /// <param name="scoring">SigLIP or not, which tells Hugging Face's vocabularies apart.</param>
    /// <param name="text">The text tower's sizes.</param>
    /// <exception cref="InvalidCheckpointException">A configuration says what no model here has.</exception>
    public static TokenizerSpec Find(string folder, string place, ConfigurationObject? openClipText, ScoringKind scoring, TextArchitecture text)
    {
        bool pairs = Exists("vocab.json") && Exists("merges.txt");
        bool pieces = openClipText is null ? scoring == ScoringKind.Sigmoid : openClipText.Text("hf_tokenizer_name") is { Length: > 0 } && !pairs;
        string[] files = pieces
            ? [.. PieceFiles.Append("tokenizer.json").Where(Exists).Take(1)]
            : pairs ? ["vocab.json", "merges.txt"]
            : Exists("tokenizer.json") ? ["tokenizer.json"] : [];
        TokenizerSpec spec = new() { Kind = TokenizerSpec.ClipBpe, ContextLength = text.ContextLength, Files = [.. files.Select(name => place + name)] };
        if (!pieces)
        {
            return spec;
        }

        ConfigurationObject? configuration = Exists("tokenizer_config.json") ? ConfigurationObject.Load(Path.Combine(folder, place, "tokenizer_config.json")) : null;
        bool gemma = IsGemma(configuration, text);
        return spec with
        {
            Kind = TokenizerSpec.SentencePiece,
            Cleaning = openClipText is not null ? OpenClipCleaning(openClipText) : gemma ? TextCleaning.Lowercase : TextCleaning.Siglip,
            PadTokenId = Padding(configuration) ?? (gemma ? PaddingId : EndId),
        };

        bool Exists(string name) => File.Exists(Path.Combine(folder, place, name));
    }

    private static TextCleaning OpenClipCleaning(ConfigurationObject text)
    {
        ConfigurationObject? options = text.Object("tokenizer_kwargs");
        return options?.Text("clean") switch
        {
            null or "whitespace" => TextCleaning.Whitespace,
            "lower" => TextCleaning.Lower,
            "canonicalize" => TextCleaning.Canonicalize,
            { } other => throw options!.Unsupported("clean", $"expected whitespace, lower or canonicalize, found '{other}'."),
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
