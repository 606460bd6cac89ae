namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>What a piece of a SentencePiece vocabulary is for; the numbers are those of the model file.</summary>
internal enum PieceKind
{
    Normal = 1,

    /// <summary>Stands for what the vocabulary cannot spell.</summary>
    Unknown = 2,

    /// <summary>A mark such as the end token; no text becomes one.</summary>
    Control = 3,

    /// <summary>Found in the text before anything else, and never merged with its neighbours.</summary>
    UserDefined = 4,

    /// <summary>Merged on the way to others, but never left standing.</summary>
    Unused = 5,

    /// <summary>One of the 256 bytes that spell what no piece does.</summary>
    Byte = 6,
}
