using ClipFunctions.Checkpoints.Configuration;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Checkpoints;

/// <summary>Finds the vocabulary of a model among the files beside its checkpoint.</summary>
internal static class Vocabularies
{
    // T5's vocabulary of SigLIP ends texts and fills rows with 1; Gemma's of SigLIP2, far larger, fills with 0.
    private const int LargestOfSiglip = 100_000;
    private const int SiglipPadding = 1;
    private const int Siglip2Padding = 0;

    private static readonly string[] SentencePieceNames = ["spiece.model", "tokenizer.model", "tokenizer.json"];

    /// <summary>What the manifest says of the vocabulary, and the files' paths; none where there are none.</summary>
    /// <param name="folder">The folder of the checkpoint.</param>
    /// <param name="architecture">The model: SigLIP's text towers have SentencePiece vocabularies, CLIP's openai's BPE.</param>
    /// <param name="configuration">What the files beside it say.</param>
    /// <param name="named">The files to take; null to look for them.</param>
    /// <exception cref="InvalidCheckpointException">There are several, or the one there is is none.</exception>
    public static (TokenizerSpec Spec, IReadOnlyList<string> Files) Find(string folder, ClipArchitecture architecture, ModelConfiguration configuration, IReadOnlyList<string>? named)
    {
        TextArchitecture text = architecture.Text;
        if (text.Causal || text.Pooling != TextPooling.Last)
        {
            IReadOnlyList<string> files = named ?? FindBpe(folder);
            return (new TokenizerSpec { Kind = TokenizerSpec.ClipBpe, ContextLength = text.ContextLength, Files = Names(files) }, files);
        }

        IReadOnlyList<string> pieces = named ?? FindSentencePiece(folder);
        bool second = text.VocabularySize > LargestOfSiglip;
        TextCleaning cleaning = configuration.Cleaning ?? (second ? TextCleaning.Lowercase : TextCleaning.Siglip);
        int padding = pieces.Count > 0 ? PaddingOf(pieces[0], cleaning) : second ? Siglip2Padding : SiglipPadding;
        return (new TokenizerSpec { Kind = TokenizerSpec.SentencePiece, ContextLength = text.ContextLength, Files = Names(pieces), Cleaning = cleaning, PadTokenId = padding }, pieces);
    }

    private static string[] Names(IReadOnlyList<string> files) => [.. files.Select(file => Path.GetFileName(file))];

    private static string[] FindBpe(string folder)
    {
        string vocabulary = Path.Combine(folder, "vocab.json");
        string merges = Path.Combine(folder, "merges.txt");
        if (File.Exists(vocabulary) && File.Exists(merges))
        {
            return [vocabulary, merges];
        }

        string[] packed = Directory.GetFiles(folder, "bpe*.txt.gz");
        if (packed.Length > 1)
        {
            throw new InvalidCheckpointException(folder, null, $"expected one bpe*.txt.gz, found {packed.Length}; name the one to take.");
        }

        string json = Path.Combine(folder, "tokenizer.json");
        return packed.Length == 1 ? packed : File.Exists(json) ? [json] : [];
    }

    private static string[] FindSentencePiece(string folder)
        => [.. SentencePieceNames.Select(name => Path.Combine(folder, name)).Where(File.Exists).Take(1)];

    private static int PaddingOf(string file, TextCleaning cleaning)
    {
        try
        {
            return SentencePieceTokenizer.Load(file, cleaning).PadTokenId;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidVocabularyException)
        {
            throw new InvalidCheckpointException(file, null, $"is no SentencePiece vocabulary: {exception.Message}", exception);
        }
    }
}
