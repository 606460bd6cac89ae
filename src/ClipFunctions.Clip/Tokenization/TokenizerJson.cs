using System.Text;
using System.Text.Json;
using ClipFunctions.Clip.Tokenization.SentencePiece;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>
/// Hugging Face's <c>tokenizer.json</c>, as far as it says the same as the files that it is made from: CLIP's merges, or a
/// SentencePiece model. A step in it that these do not have is an error that names it.
/// </summary>
internal static class TokenizerJson
{
    private const string WordMark = "\u2581";

    /// <summary>CLIP's byte-level BPE.</summary>
    public static Vocabulary ReadClip(Stream stream, string source) => Read(stream, source, root =>
    {
        JsonElement model = root.GetProperty("model");
        if (Text(model, "end_of_word_suffix") != ByteSymbols.EndOfWord)
        {
            throw new InvalidVocabularyException(source, null, $"a CLIP vocabulary's model.end_of_word_suffix is \"{ByteSymbols.EndOfWord}\", but here it is \"{Text(model, "end_of_word_suffix")}\".");
        }

        Dictionary<string, int> ids = ReadIds(model.GetProperty("vocab"));
        foreach (JsonElement token in Items(root, "added_tokens"))
        {
            ids[token.GetProperty("content").GetString()!] = token.GetProperty("id").GetInt32();
        }

        return Vocabulary.FromMerges(ids, ReadMerges(model), source);
    });

    /// <summary>A SentencePiece model.</summary>
    public static SentencePieceModel ReadSentencePiece(Stream stream, string source) => Read(stream, source, root =>
    {
        JsonElement model = root.GetProperty("model");
        bool unigram = IsUnigram(model);
        bool byteFallback = IsTrue(model, "byte_fallback");
        if (!unigram && !byteFallback)
        {
            throw new InvalidVocabularyException(source, null, "its model is neither Unigram nor a BPE with byte_fallback.");
        }

        List<Piece> pieces = unigram ? ReadUnigram(model, byteFallback) : ReadBpe(model, source);
        string? end = null;
        string padding = "<pad>";
        foreach (JsonElement token in Items(root, "added_tokens"))
        {
            int id = token.GetProperty("id").GetInt32();
            string content = token.GetProperty("content").GetString()!;
            if (id < 0 || id > pieces.Count)
            {
                throw new InvalidVocabularyException(source, null, $"the added token \"{content}\" has the id {id}, and the vocabulary ends at {pieces.Count - 1}.");
            }

            Piece piece = new(Encoding.UTF8.GetBytes(content), 0, IsTrue(token, "special") ? PieceKind.Control : PieceKind.UserDefined);
            if (id == pieces.Count)
            {
                pieces.Add(piece);
            }
            else if (pieces[id].Kind is not (PieceKind.Unknown or PieceKind.Byte))
            {
                pieces[id] = piece;
            }

            if (content is "</s>" or "<eos>")
            {
                end ??= content;
            }
        }

        Steps steps = new();
        steps.ReadNormalizer(root, source);
        steps.ReadPreTokenizer(root, source);

        // A tokenizer.json does not tell whether extra spaces go; unigram models are trained so unless told otherwise, Gemma's BPE is not.
        return SentencePieceModel.Create(
            pieces,
            unigram ? PieceAlgorithm.Unigram : PieceAlgorithm.Bpe,
            byteFallback,
            end ?? "</s>",
            padding,
            source,
            steps.Rules,
            steps.Prefix,
            removesExtraSpaces: unigram || steps.RemovesExtraSpaces,
            lowersCase: steps.LowersCase);
    });

    private static List<Piece> ReadUnigram(JsonElement model, bool byteFallback)
    {
        int unknown = model.TryGetProperty("unk_id", out JsonElement unk) && unk.ValueKind == JsonValueKind.Number ? unk.GetInt32() : -1;
        List<Piece> pieces = [];
        foreach (JsonElement entry in model.GetProperty("vocab").EnumerateArray())
        {
            byte[] text = Encoding.UTF8.GetBytes(entry[0].GetString()!);
            PieceKind kind = pieces.Count == unknown ? PieceKind.Unknown
                : byteFallback && SentencePieceModel.ByteValue(text) >= 0 ? PieceKind.Byte
                : PieceKind.Normal;
            pieces.Add(new Piece(text, entry[1].GetSingle(), kind));
        }

        return pieces;
    }

    // The rank of the first merge that makes a piece takes the place of its score; what no merge makes and is no single character stays unmade.
    private static List<Piece> ReadBpe(JsonElement model, string source)
    {
        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (Text(model, name) is { Length: > 0 } mark)
            {
                throw new InvalidVocabularyException(source, null, $"its model has the {name} \"{mark}\", which SentencePiece has not.");
            }
        }

        Dictionary<string, int> ids = ReadIds(model.GetProperty("vocab"));
        Dictionary<string, int> ranks = new(StringComparer.Ordinal);
        foreach ((string left, string right, int line) in ReadMerges(model))
        {
            ranks.TryAdd(left + right, line);
        }

        string? unknown = Text(model, "unk_token");
        Piece[] pieces = new Piece[ids.Count];
        foreach ((string text, int id) in ids)
        {
            if ((uint)id >= (uint)pieces.Length || pieces[id].Text is not null)
            {
                throw new InvalidVocabularyException(source, null, $"the id {id} of \"{text}\" is not one of 0 to {pieces.Length - 1}, or another's.");
            }

            byte[] bytes = Encoding.UTF8.GetBytes(text);
            bool ranked = ranks.TryGetValue(text, out int rank);
            PieceKind kind = text == unknown ? PieceKind.Unknown
                : SentencePieceModel.ByteValue(bytes) >= 0 ? PieceKind.Byte
                : ranked || IsSingle(text) ? PieceKind.Normal
                : PieceKind.Control;
            pieces[id] = new Piece(bytes, -rank, kind);
        }

        return [.. pieces];
    }

    private static bool IsSingle(string text) => text.Length == 1 || (text.Length == 2 && char.IsSurrogatePair(text[0], text[1]));

    private static Dictionary<string, int> ReadIds(JsonElement vocabulary)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in vocabulary.EnumerateObject())
        {
            ids[entry.Name] = entry.Value.GetInt32();
        }

        return ids;
    }

    // Older files have "left right", newer ones ["left", "right"].
    private static List<(string Left, string Right, int Line)> ReadMerges(JsonElement model)
    {
        List<(string Left, string Right, int Line)> merges = [];
        foreach (JsonElement merge in model.GetProperty("merges").EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array)
            {
                merges.Add((merge[0].GetString()!, merge[1].GetString()!, merges.Count + 1));
                continue;
            }

            string text = merge.GetString()!;
            int space = text.IndexOf(' ', StringComparison.Ordinal);
            merges.Add((text[..Math.Max(0, space)], text[(space + 1)..], merges.Count + 1));
        }

        return merges;
    }

    private static bool IsUnigram(JsonElement model) => Text(model, "type") is { } type ? type == "Unigram" : !model.TryGetProperty("merges", out _);

    private static string? Text(JsonElement element, string name)
        => element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool IsTrue(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static JsonElement[] Items(JsonElement element, string name)
        => element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];

    private static T Read<T>(Stream stream, string source, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(VocabularyFile.ReadAll(stream, source));
            return read(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new InvalidVocabularyException(source, (int?)exception.LineNumber + 1, "it is not JSON.", exception);
        }
        catch (Exception exception) when (exception is InvalidOperationException or KeyNotFoundException or FormatException and not InvalidVocabularyException or IndexOutOfRangeException)
        {
            throw new InvalidVocabularyException(source, null, $"it is no tokenizer.json as Hugging Face writes it: {exception.Message}", exception);
        }
    }

    /// <summary>What happens to a text before it is split.</summary>
    private sealed class Steps
    {
        public CharacterMap? Rules { get; private set; }

        public bool Prefix { get; private set; }

        public bool RemovesExtraSpaces { get; private set; }

        public bool LowersCase { get; private set; }

        public void ReadNormalizer(JsonElement root, string source)
        {
            foreach (JsonElement step in Flat(root, "normalizer", "normalizers"))
            {
                switch (Text(step, "type"))
                {
                    case "Precompiled":
                        byte[] rules = step.GetProperty("precompiled_charsmap").GetBytesFromBase64();
                        Rules = rules.Length == 0 ? null : CharacterMap.Read(rules, source);
                        break;
                    case "Lowercase":
                        LowersCase = true;
                        break;
                    case "Prepend" when Text(step, "prepend") == WordMark:
                        Prefix = true;
                        break;
                    case "Replace" when Text(step.GetProperty("pattern"), "String") == " " && Text(step, "content") == WordMark:
                        break;
                    case "Replace" when Text(step.GetProperty("pattern"), "Regex") == " {2,}":
                    case "Strip":
                        RemovesExtraSpaces = true;
                        break;
                    case { } type:
                        throw new InvalidVocabularyException(source, null, $"its normalizer {type} is not known.");
                    default:
                        throw new InvalidVocabularyException(source, null, "a normalizer has no type.");
                }
            }
        }

        public void ReadPreTokenizer(JsonElement root, string source)
        {
            foreach (JsonElement step in Flat(root, "pre_tokenizer", "pretokenizers"))
            {
                switch (Text(step, "type"))
                {
                    case "Metaspace":
                        bool withoutScheme = !step.TryGetProperty("add_prefix_space", out JsonElement add) || add.ValueKind != JsonValueKind.False;
                        Prefix |= Text(step, "prepend_scheme") is { } scheme ? scheme != "never" : withoutScheme;
                        break;
                    case "WhitespaceSplit":
                    case "Split" when Text(step.GetProperty("pattern"), "String") == " ":
                        break;
                    case { } type:
                        throw new InvalidVocabularyException(source, null, $"its pre_tokenizer {type} is not known.");
                    default:
                        throw new InvalidVocabularyException(source, null, "a pre_tokenizer has no type.");
                }
            }
        }

        private static IEnumerable<JsonElement> Flat(JsonElement parent, string name, string inner)
        {
            if (!parent.TryGetProperty(name, out JsonElement step) || step.ValueKind == JsonValueKind.Null)
            {
                return [];
            }

            return Text(step, "type") == "Sequence"
                ? Items(step, inner).SelectMany(item => Text(item, "type") == "Sequence" ? Items(item, inner) : [item])
                : [step];
        }
    }
}
