using System.Buffers;
using System.Text;
using ClipFunctions.Clip.Tokenization.SentencePiece;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// Turns text into the token ids of a SentencePiece vocabulary, unigram (SigLIP) or BPE with byte fallback (SigLIP2): the ids of
/// google/sentencepiece, then the end token, then padding. Thread-safe.
/// </summary>
/// <remarks>
/// Not Microsoft.ML.Tokenizers' <c>SentencePieceTokenizer</c>: 2.0.1 does not load a unigram model without a start token, which
/// SigLIP's is, tells each unknown character instead of each run of them, merges equal pairs from the right instead of the left, and takes
/// no notice of user-defined pieces, of which SigLIP2's has many.
/// </remarks>
public sealed class SentencePieceTokenizer : ITextTokenizer
{
    private readonly SentencePieceModel _model;
    private readonly TextCleaning _cleaning;
    private readonly PieceNormalizer _normalizer;
    private readonly IPieceEncoder _encoder;

    private SentencePieceTokenizer(SentencePieceModel model, TextCleaning cleaning, int? padTokenId, string source)
    {
        _model = model;
        _cleaning = (model.LowersCase, cleaning) switch
        {
            (true, TextCleaning.None) => TextCleaning.Lowercase,
            (true, TextCleaning.Whitespace) => TextCleaning.Lower,
            _ => cleaning,
        };
        PadTokenId = padTokenId ?? model.PaddingId ?? model.EndId;
        if (PadTokenId < 0 || PadTokenId >= model.Pieces.Count)
        {
            throw new InvalidVocabularyException(source, null, $"the padding is to be {PadTokenId}, but its ids are 0 to {model.Pieces.Count - 1}.");
        }

        PieceTrie userDefined = new();
        for (int id = 0; id < model.Pieces.Count; id++)
        {
            if (model.Pieces[id].Kind == PieceKind.UserDefined)
            {
                userDefined.Add(model.Pieces[id].Text, id);
            }

            LargestSpelledId = model.Pieces[id].Kind is PieceKind.Normal or PieceKind.Byte ? id : LargestSpelledId;
        }

        _normalizer = new PieceNormalizer(model, userDefined);
        _encoder = model.Algorithm == PieceAlgorithm.Unigram ? new UnigramEncoder(model) : new PieceMerger(model, userDefined);
    }

    /// <inheritdoc/>
    public int VocabularySize => _model.Pieces.Count;

    /// <inheritdoc/>
    public int EndTokenId => _model.EndId;

    /// <inheritdoc/>
    public int PadTokenId { get; }

    /// <summary>The largest id that ordinary text can have: vocabularies may hold spare pieces behind it that a model has no vectors for.</summary>
    internal int LargestSpelledId { get; }

    /// <summary>Loads a vocabulary.</summary>
    /// <param name="path">A SentencePiece model (<c>spiece.model</c>, <c>tokenizer.model</c>) or Hugging Face's <c>tokenizer.json</c> of such a one, by its ending.</param>
    /// <param name="cleaning">What happens to texts first.</param>
    /// <param name="padTokenId">The padding; by default the vocabulary's padding token, else its end token.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidVocabularyException">It is no such vocabulary.</exception>
    public static SentencePieceTokenizer Load(string path, TextCleaning cleaning, int? padTokenId = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            ? new SentencePieceTokenizer(TokenizerJson.ReadSentencePiece(stream, path), cleaning, padTokenId, path)
            : new SentencePieceTokenizer(SentencePieceModel.Read(VocabularyFile.ReadAll(stream, path), path), cleaning, padTokenId, path);
    }

    /// <summary>Reads a SentencePiece model.</summary>
    /// <inheritdoc cref="Load"/>
    /// <param name="model">The file.</param>
    /// <param name="cleaning">What happens to texts first.</param>
    /// <param name="padTokenId">The padding; by default the vocabulary's padding token, else its end token.</param>
    public static SentencePieceTokenizer FromModel(Stream model, TextCleaning cleaning, int? padTokenId = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        const string Source = "SentencePiece model";
        return new SentencePieceTokenizer(SentencePieceModel.Read(VocabularyFile.ReadAll(model, Source), Source), cleaning, padTokenId, Source);
    }

    /// <summary>Reads Hugging Face's <c>tokenizer.json</c> of a unigram model or of a BPE with byte fallback.</summary>
    /// <inheritdoc cref="Load"/>
    /// <param name="tokenizerJson">The file.</param>
    /// <param name="cleaning">What happens to texts first.</param>
    /// <param name="padTokenId">The padding; by default the vocabulary's padding token, else its end token.</param>
    public static SentencePieceTokenizer FromTokenizerJson(Stream tokenizerJson, TextCleaning cleaning, int? padTokenId = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizerJson);
        const string Source = "tokenizer.json";
        return new SentencePieceTokenizer(TokenizerJson.ReadSentencePiece(tokenizerJson, Source), cleaning, padTokenId, Source);
    }

    /// <inheritdoc/>
    public TokenBatch Tokenize(IReadOnlyList<string> texts, int contextLength, bool truncate = false)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        int[] ids = new int[checked(texts.Count * contextLength)];
        ids.AsSpan().Fill(PadTokenId);
        int[] endPositions = new int[texts.Count];
        for (int i = 0; i < texts.Count; i++)
        {
            string text = texts[i] ?? throw new ArgumentNullException(nameof(texts), $"Text {i} is null.");
            Span<int> row = ids.AsSpan(i * contextLength, contextLength);
            TokenSink sink = TokenSink.Into(row, stopsWhenFull: truncate);
            Encode(text, ref sink);
            sink.Add(EndTokenId);
            if (sink.Count > contextLength)
            {
                if (!truncate)
                {
                    throw new TextTooLongException(text, i, sink.Count, contextLength);
                }

                row[^1] = EndTokenId;
            }

            endPositions[i] = Math.Min(sink.Count, contextLength) - 1;
        }

        return new TokenBatch(ids, contextLength, endPositions);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        TokenSink sink = TokenSink.Growing();
        try
        {
            Encode(text, ref sink);
            return sink.Tokens.ToArray();
        }
        finally
        {
            sink.Return();
        }
    }

    /// <summary>The text that ids stand for; control tokens stand for none, bytes that are not UTF-8 become U+FFFD, the unknown token U+2047.</summary>
    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> ids)
    {
        ArrayBufferWriter<byte> bytes = new(Math.Max(16, ids.Length * 4));
        foreach (int id in ids)
        {
            Piece piece = PieceOf(id);
            switch (piece.Kind)
            {
                case PieceKind.Control:
                    break;
                case PieceKind.Unknown:
                    bytes.Write(" \u2047 "u8);
                    break;
                case PieceKind.Byte:
                    bytes.Write([(byte)SentencePieceModel.ByteValue(piece.Text)]);
                    break;
                default:
                    bytes.Write(piece.Text);
                    break;
            }
        }

        string text = Encoding.UTF8.GetString(bytes.WrittenSpan).Replace('\u2581', ' ');
        return _model.AddsDummyPrefix && text.StartsWith(' ') ? text[1..] : text;
    }

    /// <summary>A token as text, for display: <c>▁cat</c> is a token at a word's beginning, <c>cat</c> one that goes on.</summary>
    /// <inheritdoc/>
    public string TokenText(int id) => Encoding.UTF8.GetString(PieceOf(id).Text);

    private void Encode(string text, ref TokenSink sink)
    {
        using CodePointBuffer clean = new(text.Length + 1);
        TextCleaner.Clean(text, _cleaning, clean);
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(clean.Count * 4);
        try
        {
            int length = Utf8.Encode(clean.Span, utf8);
            using ByteBuffer normalized = new(length + 16);
            _normalizer.Normalize(utf8.AsSpan(0, length), _model.AddsDummyPrefix && _cleaning != TextCleaning.Siglip, normalized);
            _encoder.Encode(normalized.Span, ref sink);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }

    private Piece PieceOf(int id) => (uint)id < (uint)_model.Pieces.Count
        ? _model.Pieces[id]
        : throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary of {VocabularySize} tokens has none with this id.");
}
