using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Clip.Inference;

/// <summary>Loads the vocabulary that a bundle's manifest names.</summary>
internal static class BundleTokenizer
{
    /// <summary>The tokenizer, or null if the bundle holds no vocabulary.</summary>
    /// <exception cref="InvalidBundleException">The files are no vocabulary, or one that the model has no vectors for.</exception>
    public static ITextTokenizer? Load(ModelBundle bundle)
    {
        TokenizerSpec spec = bundle.Manifest.Tokenizer;
        if (spec.Files.Count == 0)
        {
            return null;
        }

        string first = bundle.PathOf(spec.Files.FirstOrDefault(file => Path.GetFileName(file) == "vocab.json") ?? spec.Files[0]);
        int needed;
        ITextTokenizer tokenizer;
        try
        {
            if (spec.Kind == TokenizerSpec.SentencePiece)
            {
                SentencePieceTokenizer pieces = SentencePieceTokenizer.Load(first, spec.Cleaning!.Value, spec.PadTokenId);

                // Spare pieces behind the last that a text can have need no vectors.
                needed = Math.Max(pieces.LargestSpelledId, pieces.EndTokenId) + 1;
                tokenizer = pieces;
            }
            else
            {
                tokenizer = ClipTokenizer.Load(first);
                needed = tokenizer.VocabularySize;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidVocabularyException)
        {
            throw new InvalidBundleException(first, null, $"no vocabulary: {exception.Message}", exception);
        }

        int rows = bundle.Manifest.Architecture.Text.VocabularySize;
        return needed <= rows
            ? tokenizer
            : throw new InvalidBundleException(first, null, $"expected at most {rows} ids, which the model has vectors for, found {needed}.");
    }
}
