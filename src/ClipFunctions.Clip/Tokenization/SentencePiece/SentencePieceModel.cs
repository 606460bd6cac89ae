using System.Globalization;
using System.Text;

namespace ClipFunctions.Clip.Tokenization.SentencePiece;

/// <summary>A SentencePiece vocabulary and its rules, checked: what <c>spiece.model</c> or <c>tokenizer.model</c> holds (sentencepiece_model.proto of google/sentencepiece).</summary>
internal sealed class SentencePieceModel
{
    // A trie walks a piece byte by byte from each place of a text.
    private const int LongestPiece = 1024;
    private const int MostPieces = 1 << 24;

    public required IReadOnlyList<Piece> Pieces { get; init; }

    public required PieceAlgorithm Algorithm { get; init; }

    public CharacterMap? Rules { get; init; }

    public bool AddsDummyPrefix { get; init; } = true;

    public bool RemovesExtraSpaces { get; init; } = true;

    public bool EscapesSpaces { get; init; } = true;

    public bool SpaceIsSuffix { get; init; }

    /// <summary>Whether the model file itself asks for lower case before anything else.</summary>
    public bool LowersCase { get; init; }

    public int UnknownId { get; private init; }

    /// <summary>The id that ends a text.</summary>
    public int EndId { get; private init; }

    /// <summary>The id of the padding token, if the vocabulary has one.</summary>
    public int? PaddingId { get; private init; }

    /// <summary>The ids of the 256 bytes, where the model falls back to them.</summary>
    public int[]? ByteIds { get; private init; }

    /// <summary>Reads a model file.</summary>
    public static SentencePieceModel Read(ReadOnlySpan<byte> file, string source)
    {
        List<Piece> pieces = [];
        int algorithm = (int)PieceAlgorithm.Unigram;
        bool byteFallback = false;
        bool suffix = false;
        bool dummyPrefix = true;
        bool extraSpaces = true;
        bool escape = true;
        string end = "</s>";
        string padding = "<pad>";
        CharacterMap? rules = null;

        ProtobufReader reader = new(file, source);
        while (reader.TryRead())
        {
            switch (reader.Field)
            {
                case 1:
                    if (pieces.Count == MostPieces)
                    {
                        throw new InvalidVocabularyException(source, null, $"it has more than {MostPieces} pieces.");
                    }

                    pieces.Add(ReadPiece(reader.Bytes, source));
                    break;
                case 2:
                    ProtobufReader trainer = new(reader.Bytes, source);
                    while (trainer.TryRead())
                    {
                        switch (trainer.Field)
                        {
                            case 3:
                                algorithm = trainer.Int32;
                                break;
                            case 24:
                                suffix = trainer.Bool;
                                break;
                            case 35:
                                byteFallback = trainer.Bool;
                                break;
                            case 47:
                                end = Encoding.UTF8.GetString(trainer.Bytes);
                                break;
                            case 48:
                                padding = Encoding.UTF8.GetString(trainer.Bytes);
                                break;
                        }
                    }

                    break;
                case 3:
                    ProtobufReader normalizer = new(reader.Bytes, source);
                    while (normalizer.TryRead())
                    {
                        switch (normalizer.Field)
                        {
                            case 2:
                                rules = normalizer.Bytes.IsEmpty ? null : CharacterMap.Read(normalizer.Bytes, source);
                                break;
                            case 3:
                                dummyPrefix = normalizer.Bool;
                                break;
                            case 4:
                                extraSpaces = normalizer.Bool;
                                break;
                            case 5:
                                escape = normalizer.Bool;
                                break;
                        }
                    }

                    break;
            }
        }

        if (algorithm is not ((int)PieceAlgorithm.Unigram or (int)PieceAlgorithm.Bpe))
        {
            throw new InvalidVocabularyException(source, null, $"its algorithm is number {algorithm}; only unigram (1) and BPE (2) are known.");
        }

        return Create(pieces, (PieceAlgorithm)algorithm, byteFallback, end, padding, source, rules, dummyPrefix, extraSpaces, escape, suffix);
    }

    /// <summary>Makes a model of its parts.</summary>
    public static SentencePieceModel Create(
        List<Piece> pieces,
        PieceAlgorithm algorithm,
        bool byteFallback,
        string end,
        string padding,
        string source,
        CharacterMap? rules = null,
        bool addsDummyPrefix = true,
        bool removesExtraSpaces = true,
        bool escapesSpaces = true,
        bool spaceIsSuffix = false,
        bool lowersCase = false)
    {
        Dictionary<byte[], int> spelled = new(Utf8Comparer.Instance);
        Dictionary<byte[], int> reserved = new(Utf8Comparer.Instance);
        int[]? bytes = byteFallback ? [.. Enumerable.Repeat(-1, 256)] : null;
        int unknown = -1;
        for (int id = 0; id < pieces.Count; id++)
        {
            Piece piece = pieces[id];
            if (piece.Text.Length is 0 or > LongestPiece)
            {
                throw new InvalidVocabularyException(source, null, $"piece {id} has {piece.Text.Length} bytes; 1 to {LongestPiece} may be.");
            }

            if (!(piece.IsSpelled ? spelled : reserved).TryAdd(piece.Text, id))
            {
                throw new InvalidVocabularyException(source, null, $"the piece \"{Shown(piece)}\" is there twice.");
            }

            if (piece.Kind == PieceKind.Unknown)
            {
                unknown = unknown < 0 ? id : throw new InvalidVocabularyException(source, null, $"both {unknown} and {id} are the unknown piece.");
            }
            else if (piece.Kind == PieceKind.Byte)
            {
                int value = ByteValue(piece.Text);
                if (bytes is null || value < 0)
                {
                    throw new InvalidVocabularyException(source, null, $"the piece \"{Shown(piece)}\" ({id}) is no byte{(bytes is null ? " that a model without byte fallback has" : "")}.");
                }

                bytes[value] = id;
            }
        }

        if (unknown < 0)
        {
            throw new InvalidVocabularyException(source, null, "it has no unknown piece.");
        }

        if (bytes?.IndexOf(-1) is int missing and >= 0)
        {
            throw new InvalidVocabularyException(source, null, $"it falls back to bytes, but has no piece <0x{missing:X2}>.");
        }

        return new SentencePieceModel
        {
            Pieces = pieces,
            Algorithm = algorithm,
            Rules = rules,
            AddsDummyPrefix = addsDummyPrefix,
            RemovesExtraSpaces = removesExtraSpaces,
            EscapesSpaces = escapesSpaces,
            SpaceIsSuffix = spaceIsSuffix,
            LowersCase = lowersCase,
            UnknownId = unknown,
            EndId = Control(end) ?? throw new InvalidVocabularyException(source, null, $"it has no control piece \"{end}\", which ends a text."),
            PaddingId = Control(padding),
            ByteIds = bytes,
        };

        int? Control(string text) => reserved.TryGetValue(Encoding.UTF8.GetBytes(text), out int id) && pieces[id].Kind == PieceKind.Control ? id : null;
    }

    /// <summary>The byte that a piece such as <c>&lt;0x0A&gt;</c> stands for, or -1.</summary>
    public static int ByteValue(ReadOnlySpan<byte> piece)
        => piece.Length == 6 && piece.StartsWith("<0x"u8) && piece[5] == '>' && byte.TryParse(piece[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : -1;

    private static Piece ReadPiece(ReadOnlySpan<byte> message, string source)
    {
        byte[] text = [];
        float score = 0;
        int kind = (int)PieceKind.Normal;
        ProtobufReader reader = new(message, source);
        while (reader.TryRead())
        {
            switch (reader.Field)
            {
                case 1:
                    text = reader.Bytes.ToArray();
                    break;
                case 2:
                    score = reader.Float;
                    break;
                case 3:
                    kind = reader.Int32;
                    break;
            }
        }

        Piece piece = new(text, score, (PieceKind)kind);
        if (!float.IsFinite(score) || !Enum.IsDefined(piece.Kind))
        {
            throw new InvalidVocabularyException(source, null, $"the piece \"{Shown(piece)}\" has the score {score} and the kind {kind}.");
        }

        return piece;
    }

    private static string Shown(Piece piece) => Encoding.UTF8.GetString(piece.Text.AsSpan(0, Math.Min(60, piece.Text.Length)));
}
