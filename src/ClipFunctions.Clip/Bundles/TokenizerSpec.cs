namespace ClipFunctions.Clip.Bundles;

/// <summary>How texts become tokens.</summary>
public sealed record TokenizerSpec
{
    /// <summary>The kind of openai/CLIP's byte-level BPE.</summary>
    public const string ClipBpe = "clip_bpe";

    /// <summary>The kind; <see cref="ClipBpe"/> is the only one yet.</summary>
    public required string Kind { get; init; }

    /// <summary>Tokens of a row, start and end token included.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The vocabulary's files: one <c>bpe…txt.gz</c>, or <c>vocab.json</c> and <c>merges.txt</c>. Empty where a model has none with it.</summary>
    public required IReadOnlyList<string> Files { get; init; }
}
