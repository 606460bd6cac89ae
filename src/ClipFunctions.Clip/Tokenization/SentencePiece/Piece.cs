namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>A piece of a vocabulary; its id is its place there.</summary>
/// <param name="Text">UTF-8.</param>
/// <param name="Score">Its logarithmic probability (unigram), or a number that is larger the earlier it is merged (BPE).</param>
/// <param name="Kind">What it is for.</param>
internal readonly record struct Piece(byte[] Text, float Score, PieceKind Kind)
{
    /// <summary>Whether it is found in texts by its spelling.</summary>
    public bool IsSpelled => Kind is PieceKind.Normal or PieceKind.UserDefined or PieceKind.Unused;
}
