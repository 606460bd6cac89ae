namespace ClipFunctions.Clip.Tokenization;

/// <summary>How the tokenizer's pattern sees a code point.</summary>
internal enum CharacterKind : byte
{
    /// <summary>Anything that is neither white space nor letter nor number.</summary>
    Other,

    /// <summary><c>\p{L}</c>.</summary>
    Letter,

    /// <summary><c>\p{N}</c>.</summary>
    Number,

    /// <summary><c>\s</c>.</summary>
    Space,

    /// <summary>Matched by no part of the pattern (U+0345).</summary>
    Unmatched,
}
