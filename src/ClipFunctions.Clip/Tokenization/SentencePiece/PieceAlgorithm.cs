namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>How a model splits a text; the numbers are those of the model file.</summary>
internal enum PieceAlgorithm
{
    Unigram = 1,
    Bpe = 2,
}
