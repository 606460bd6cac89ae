using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>How texts become tokens.</summary>
public sealed record TokenizerSpec
{
    /// <summary>The kind of openai/CLIP's byte-level BPE.</summary>
    public const string ClipBpe = "clip_bpe";

    /// <summary>The kind of a SentencePiece vocabulary: the text's pieces, the end token, padding (SigLIP, SigLIP2).</summary>
    public const string SentencePiece = "sentencepiece";

    /// <summary>The kind: <see cref="ClipBpe"/> or <see cref="SentencePiece"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Tokens of a row, start and end token included.</summary>
    public required int ContextLength { get; init; }

    /// <summary>
    /// The vocabulary's files: one <c>bpe…txt.gz</c>, <c>vocab.json</c> and <c>merges.txt</c>, or <c>tokenizer.json</c>; for
    /// <see cref="SentencePiece"/> one <c>spiece.model</c>, <c>tokenizer.model</c> or <c>tokenizer.json</c>. Empty where a model has none with it.
    /// </summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>What happens to a text first; null for <see cref="ClipBpe"/>, whose cleaning is always openai/CLIP's.</summary>
    public TextCleaning? Cleaning { get; init; }

    /// <summary>The id that fills a row behind its text; null for <see cref="ClipBpe"/>, whose rows are filled with 0.</summary>
    public int? PadTokenId { get; init; }
}
