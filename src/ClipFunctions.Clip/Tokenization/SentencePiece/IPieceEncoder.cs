namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>Splits a normalised text into pieces.</summary>
internal interface IPieceEncoder
{
    /// <summary>Adds the pieces' ids; those of unknown characters by the model's rule.</summary>
    /// <param name="text">Normalised UTF-8.</param>
    /// <param name="sink">Takes the ids.</param>
    void Encode(ReadOnlySpan<byte> text, ref TokenSink sink);
}
