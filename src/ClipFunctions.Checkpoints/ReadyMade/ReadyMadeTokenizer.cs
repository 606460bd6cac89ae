using ClipFunctions.Checkpoints.Configuration;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints.ReadyMade;

/// <summary>The vocabulary in another tool's folder, and how its texts are cleaned.</summary>
internal sealed record ReadyMadeTokenizer(TokenizerSpec Spec, IReadOnlyList<string> Notes)
{
    // Both T5's vocabulary and Gemma's begin with the padding and the end token.
    private const int PaddingId = 0;
    private const int EndId = 1;
    private const int GemmaVocabulary = 256000;

    private static readonly string[] PieceFiles = ["spiece.model", "tokenizer.model"];

    public static ReadyMadeTokenizer Find(string folder, ReadyMadeLayout layout, ReadyMadeModel model)
    {
        string place = layout.Name == ReadyMadeLayout.Immich ? "textual/" : "";
        int context = model.Architecture.Text.ContextLength;
        bool pairs = Exists("vocab.json") && Exists("merges.txt");
        bool pieces = model.OpenClipText is { } text ? text.Text("hf_tokenizer_name") is { Length: > 0 } && !pairs : model.Scoring.Kind == ScoringKind.Sigmoid;
        string[] files = pieces
            ? [.. PieceFiles.Append("tokenizer.json").Where(Exists).Take(1)]
            : pairs ? ["vocab.json", "merges.txt"]
            : Exists("tokenizer.json") ? ["tokenizer.json"] : [];
        TokenizerSpec spec = new() { Kind = TokenizerSpec.ClipBpe, ContextLength = context, Files = [.. files.Select(name => place + name)] };
        if (pieces)
        {
            ConfigurationObject? configuration = Exists("tokenizer_config.json") ? ConfigurationObject.Load(Path.Combine(folder, place, "tokenizer_config.json")) : null;
            bool gemma = IsGemma(configuration, model);
            spec = spec with
            {
                Kind = TokenizerSpec.SentencePiece,
                Cleaning = model.OpenClipText is { } openClip ? OpenClipCleaning(openClip) : gemma ? TextCleaning.Lowercase : TextCleaning.Siglip,
                PadTokenId = Padding(configuration) ?? (gemma ? PaddingId : EndId),
            };
        }

        return new ReadyMadeTokenizer(spec, files.Length > 0 ? [] : ["There is no vocabulary: only tokens can be encoded, not texts."]);

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

    private static bool IsGemma(ConfigurationObject? configuration, ReadyMadeModel model) => configuration?.Text("tokenizer_class") switch
    {
        { } name when name.StartsWith("Gemma", StringComparison.Ordinal) || name.StartsWith("Siglip2", StringComparison.Ordinal) => true,
        { } name when name.StartsWith("Siglip", StringComparison.Ordinal) || name.StartsWith("T5", StringComparison.Ordinal) => false,
        _ => model.Architecture.Text.VocabularySize == GemmaVocabulary,
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
