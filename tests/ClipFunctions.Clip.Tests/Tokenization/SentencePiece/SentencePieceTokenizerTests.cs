using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;
using CsCheck;

namespace ClipFunctions.Clip.Tests.Tokenization.SentencePiece;

public class SentencePieceTokenizerTests
{
    private static readonly SentencePieceFile Marked = SentencePieceFile.Unigram with
    {
        Pieces = [.. SentencePieceFile.Unigram.Pieces, ("catdog", -50, SentencePieceFile.UserDefined), ("<x>", 0, SentencePieceFile.UserDefined), ("ta", -1, SentencePieceFile.Unused)],
        SpaceIsSuffix = true,
    };

    private static readonly Gen<string> Texts = Gen.OneOf("a", "a", "b", "c", "t", "d", "o", "g", " ", " ", "at", "cat", "aa", "é", "x", "日本", "日", "😀", "\n", "ph").Array[0, 9].Select(string.Concat);

    // Ids that google/sentencepiece 0.1.97 gives for these very model files.
    public static TheoryData<string, int[]> UnigramIds { get; } = new()
    {
        { "a cat", [14, 15] },
        { "  a   cat  ", [14, 15] },
        { "cat cat", [15, 15] },
        { "aaaa", [14, 19] },
        { "aaaaa", [14, 4, 19] },
        { "aaaaaaa", [14, 19, 19] },
        { "a photo of a dog", [14, 24, 27, 14, 16, 10] },
        { "xyz", [3, 2] },
        { "a xyz b", [14, 3, 2, 3, 5] },
        { "\u65e5\u672c\u8a9e", [3, 28, 2] },
        { "caf\u00e9 cafe\u0301", [21, 11, 13, 21, 11, 13] },
        { "\uff21\u3000b", [3, 30, 3, 5] },
        { "a\u00ada", [14, 4] },
        { "\ufb01g", [3, 11, 12, 10] },
        { "\u2026", [14, 3, 3, 5] },
        { "", [] },
        { "   ", [] },
        { "catdog", [15, 8, 20] },
        { "a catdogs <x> ta", [14, 15, 8, 20, 29, 3, 2, 3, 7, 4] },
        { "<unk>", [3, 2] },
        { "</s>", [3, 2, 29, 2] },
        { "\u2581", [] },
        { "a \u2581 b", [14, 3, 3, 3, 5] },
        { "\ud83d\ude00 a", [3, 2, 14] },
        { "\tcat\t", [15] },
    };

    public static TheoryData<string, int[]> MarkedIds { get; } = new()
    {
        { "a cat", [4, 15, 3] },
        { "  a   cat  ", [4, 15, 3] },
        { "cat cat", [6, 17, 15, 3] },
        { "aaaa", [4, 19, 3] },
        { "aaaaa", [18, 19, 3] },
        { "aaaaaaa", [4, 19, 19, 3] },
        { "a photo of a dog", [4, 24, 27, 14, 16, 10, 3] },
        { "xyz", [2, 3] },
        { "a xyz b", [4, 3, 2, 3, 5, 3] },
        { "\u65e5\u672c\u8a9e", [28, 2, 3] },
        { "caf\u00e9 cafe\u0301", [6, 4, 11, 13, 21, 11, 13, 3] },
        { "\uff21\u3000b", [30, 3, 5, 3] },
        { "a\u00ada", [18, 3] },
        { "\ufb01g", [11, 12, 10, 3] },
        { "\u2026", [4, 3, 3, 5, 3] },
        { "", [] },
        { "   ", [] },
        { "catdog", [31, 3] },
        { "a catdogs <x> ta", [4, 3, 31, 29, 3, 32, 3, 7, 4, 3] },
        { "<unk>", [2, 3] },
        { "</s>", [2, 29, 2, 3] },
        { "\u2581", [3] },
        { "a \u2581 b", [4, 3, 3, 3, 5, 3] },
        { "\ud83d\ude00 a", [2, 14, 3] },
        { "\tcat\t", [6, 17, 3] },
    };

    public static TheoryData<string, int[]> BpeIds { get; } = new()
    {
        { "a cat", [284, 268] },
        { "  a   cat", [6, 284, 7, 272] },
        { "a    cat", [284, 7, 268] },
        { "cat", [272] },
        { "aaaa", [264, 264] },
        { "aaaaa", [264, 273] },
        { "aaaaaaa", [264, 264, 273] },
        { "a photo", [284, 279] },
        { "photo", [278] },
        { "do", [287, 298] },
        { "dot", [281] },
        { "dots", [281, 302] },
        { "adots", [284, 281, 302] },
        { "x<mask>y", [307, 4, 308] },
        { "a\n\n\nb", [284, 5, 18, 285] },
        { "A", [73] },
        { "\u00e9\u65e5\u672c", [310, 311, 238, 164, 180] },
        { "\ud83d\ude00", [248, 167, 160, 136] },
        { "<0x41>", [68, 56, 307, 60, 57, 70] },
        { "<eos>", [68, 288, 298, 302, 70] },
        { " ", [283] },
        { "", [] },
    };

    [Theory]
    [MemberData(nameof(UnigramIds))]
    public void UnigramIdsAreThoseOfSentencePiece(string text, int[] ids) => Assert.Equal(ids, Load(SentencePieceFile.Unigram).Encode(text));

    [Theory]
    [MemberData(nameof(MarkedIds))]
    public void UserDefinedAndUnusedPiecesAndSuffixSpacesAreThoseOfSentencePiece(string text, int[] ids) => Assert.Equal(ids, Load(Marked).Encode(text));

    [Theory]
    [MemberData(nameof(BpeIds))]
    public void BpeIdsAreThoseOfSentencePiece(string text, int[] ids) => Assert.Equal(ids, Load(SentencePieceFile.Bpe).Encode(text));

    [Fact]
    public void AnyTextHasTheIdsOfThePlainImplementation()
    {
        foreach (SentencePieceFile file in (SentencePieceFile[])[
            SentencePieceFile.Unigram with { Rules = new Dictionary<string, string>() },
            SentencePieceFile.Unigram with { Rules = new Dictionary<string, string>(), RemoveExtraSpaces = false, DummyPrefix = false },
            SentencePieceFile.Bpe,
            SentencePieceFile.Bpe with { DummyPrefix = true, RemoveExtraSpaces = true, ByteFallback = false, Pieces = [.. SentencePieceFile.Bpe.Pieces.Where(piece => piece.Kind != SentencePieceFile.Byte)] }])
        {
            SentencePieceTokenizer tokenizer = Load(file);
            Texts.Sample(text => Assert.Equal(PlainSentencePiece.Encode(file, text), tokenizer.Encode(text)), iter: 400);
        }
    }

    [Fact]
    public void UnigramIdsAreThoseOfAnotherLibraryWhereItLoadsTheModel()
    {
        // It cannot do without a start token.
        SentencePieceFile file = SentencePieceFile.Unigram with { Rules = new Dictionary<string, string>(), Pieces = [("<unk>", 0, SentencePieceFile.Unknown), ("<s>", 0, SentencePieceFile.Control), ("</s>", 0, SentencePieceFile.Control), .. SentencePieceFile.Unigram.Pieces[3..]] };
        Microsoft.ML.Tokenizers.SentencePieceTokenizer other = Microsoft.ML.Tokenizers.SentencePieceTokenizer.Create(new MemoryStream(file.Write()), false, false);
        SentencePieceTokenizer tokenizer = Load(file);
        Texts.Where(text => text.Trim(' ').Length > 0).Sample(
            text =>
            {
                // It does not join runs of unknown characters either.
                int[] ids = [.. other.EncodeToIds(text)];
                Assert.Equal(ids.Where((id, at) => id != 0 || at == 0 || ids[at - 1] != 0), tokenizer.Encode(text));
            },
            iter: 1000);
    }

    [Fact]
    public void ARowIsTheTextTheEndTokenAndPadding()
    {
        SentencePieceTokenizer tokenizer = Load(SentencePieceFile.Unigram, TextCleaning.Canonicalize, 1);
        TokenBatch batch = tokenizer.Tokenize(["A Cat!", "", "a photo of a dog"], 8);
        Assert.Equal([14, 15, 1, 1, 1, 1, 1, 1], batch[0].ToArray());
        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 1], batch[1].ToArray());
        Assert.Equal([14, 24, 27, 14, 16, 10, 1, 1], batch[2].ToArray());
        Assert.Equal([2, 0, 6], batch.EndPositions.ToArray());
        Assert.Equal((1, 1, 31), (tokenizer.EndTokenId, tokenizer.PadTokenId, tokenizer.VocabularySize));
        Assert.Equal(0, Load(SentencePieceFile.Unigram).PadTokenId);
    }

    [Fact]
    public void ATextThatIsTooLongIsAnErrorOrCutBeforeTheEndToken()
    {
        SentencePieceTokenizer tokenizer = Load(SentencePieceFile.Unigram);
        TextTooLongException exception = Assert.Throws<TextTooLongException>(() => tokenizer.Tokenize(["a", "a photo of a dog"], 6));
        Assert.Equal((1, 7, 6), (exception.TextIndex, exception.TokenCount, exception.ContextLength));
        Assert.Equal([14, 24, 27, 14, 16, 1], tokenizer.Tokenize(["a photo of a dog"], 6, truncate: true)[0].ToArray());
        Assert.Equal([14, 24, 27, 14, 16, 10, 1], tokenizer.Tokenize(["a photo of a dog"], 7)[0].ToArray());
        Assert.Equal(5, tokenizer.Tokenize(["a photo of a dog"], 6, truncate: true).EndPositions[0]);
    }

    [Fact]
    public void ATruncatedRowIsTheFullOneWithTheEndTokenLast()
    {
        foreach (SentencePieceFile file in (SentencePieceFile[])[SentencePieceFile.Unigram, SentencePieceFile.Bpe])
        {
            SentencePieceTokenizer tokenizer = Load(file);
            Gen.Select(Texts, Gen.Int[1, 8]).Sample((text, context) =>
            {
                int[] expected = [.. tokenizer.Encode(text).Take(context - 1), tokenizer.EndTokenId];
                Assert.Equal(expected, tokenizer.Tokenize([text], context, truncate: true)[0][..expected.Length].ToArray());
            });
        }
    }

    // What open_clip and transformers make of these, by their own code.
    [Theory]
    [InlineData(TextCleaning.None, " A_b,  Σ\t&amp;", " A_b,  Σ\t&amp;")]
    [InlineData(TextCleaning.Whitespace, " A_b,  ΟΣ\t&amp;c ", "A_b, ΟΣ &c")]
    [InlineData(TextCleaning.Lower, " A_b,  ΟΣ\t&amp;c ", "a_b, ος &c")]
    [InlineData(TextCleaning.Canonicalize, " A_b,  ΟΣ!\t&amp;c - d ", "a b ος c d")]
    [InlineData(TextCleaning.Canonicalize, "snake_case's [x] “y”", "snake cases x y")]
    [InlineData(TextCleaning.Siglip, "A_b,  ΟΣ!\t&amp;c - d ", "▁ab οσ ampc d")]
    [InlineData(TextCleaning.Siglip, " ▁x", "▁ x")]
    [InlineData(TextCleaning.Siglip, "“y”", "▁“y”")]
    [InlineData(TextCleaning.Lowercase, " A_b,  ΟΣ\tİ", " a_b,  οσ\ti̇")]
    public void TextsAreCleanedAsTheirModelsWant(TextCleaning cleaning, string text, string clean)
    {
        using CodePointBuffer buffer = new();
        TextCleaner.Clean(text, cleaning, buffer);
        Assert.Equal(clean, buffer.ToString());
    }

    [Theory]
    [InlineData("A cat!", new[] { 14, 15 })]
    [InlineData(" a cat", new[] { 3, 14, 15 })]
    [InlineData("!", new int[0])]
    public void HuggingFacesSiglipTokenizerKeepsALeadingSpace(string text, int[] ids) => Assert.Equal(ids, Load(SentencePieceFile.Unigram, TextCleaning.Siglip).Encode(text));

    [Fact]
    public void IdsComeBackAsText()
    {
        SentencePieceTokenizer unigram = Load(SentencePieceFile.Unigram);
        Assert.Equal("a photo of a cat", unigram.Decode([.. unigram.Encode("a photo of a cat"), 1, 0]));
        Assert.Equal("a \u2047 ", unigram.Decode([14, 2]));
        Assert.Equal("▁photo", unigram.TokenText(24));
        SentencePieceTokenizer bpe = Load(SentencePieceFile.Bpe);
        Assert.Equal("a é日 😀  x", bpe.Decode([.. bpe.Encode("a é日 😀  x")]));
        Assert.Throws<ArgumentOutOfRangeException>(() => unigram.Decode([31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => unigram.TokenText(-1));
    }

    [Fact]
    public void AUnigramTokenizerJsonGivesTheSameIds()
    {
        SentencePieceTokenizer tokenizer = SentencePieceTokenizer.FromTokenizerJson(Json(UnigramJson()), TextCleaning.None);
        SentencePieceTokenizer expected = Load(SentencePieceFile.Unigram);
        foreach (string text in UnigramIds.Select(row => row.Data.Item1))
        {
            Assert.Equal(expected.Encode(text), tokenizer.Encode(text));
        }

        Texts.Sample(text => Assert.Equal(expected.Encode(text), tokenizer.Encode(text)));
        Assert.Equal((1, 0), (tokenizer.EndTokenId, tokenizer.PadTokenId));
    }

    [Fact]
    public void ABpeTokenizerJsonGivesTheSameIds()
    {
        SentencePieceFile file = SentencePieceFile.Bpe with { Pieces = [.. SentencePieceFile.Bpe.Pieces.Where(piece => piece.Kind != SentencePieceFile.Unused)] };
        foreach (bool pairs in (bool[])[false, true])
        {
            SentencePieceTokenizer tokenizer = SentencePieceTokenizer.FromTokenizerJson(Json(BpeJson(file, pairs)), TextCleaning.None);
            SentencePieceTokenizer expected = Load(file);
            foreach (string text in BpeIds.Select(row => row.Data.Item1))
            {
                Assert.Equal(expected.Encode(text), tokenizer.Encode(text));
            }

            Texts.Sample(text => Assert.Equal(expected.Encode(text), tokenizer.Encode(text)));
            Assert.Equal((1, 0), (tokenizer.EndTokenId, tokenizer.PadTokenId));
        }
    }

    [Fact]
    public void ALowercaseStepOfATokenizerJsonCounts()
    {
        JsonNode json = UnigramJson();
        json["normalizer"] = new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray(new JsonObject { ["type"] = "Lowercase" }) };
        Assert.Equal([14, 15], SentencePieceTokenizer.FromTokenizerJson(Json(json), TextCleaning.None).Encode("A CAT"));
        Assert.Equal([14, 15], SentencePieceTokenizer.FromTokenizerJson(Json(json), TextCleaning.Whitespace).Encode("A CAT"));
    }

    [Fact]
    public void ATokenizerJsonOfClipGivesTheSameIds()
    {
        ClipTokenizer expected = TestVocabulary.Small;
        string[] symbols = [.. Enumerable.Range(0, expected.VocabularySize).Select(expected.Symbol)];
        string[] merges = [.. TestVocabulary.SmallMerges.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];
        JsonObject json = new()
        {
            ["added_tokens"] = new JsonArray([.. symbols.TakeLast(2).Select((text, i) => (JsonNode)new JsonObject { ["id"] = symbols.Length - 2 + i, ["content"] = text, ["special"] = true })]),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["end_of_word_suffix"] = "</w>",
                ["vocab"] = new JsonObject(symbols.Select((text, id) => KeyValuePair.Create(text, (JsonNode?)id))),
                ["merges"] = new JsonArray([.. merges.Select(text => (JsonNode)text)]),
            },
        };
        ClipTokenizer tokenizer = ClipTokenizer.FromTokenizerJson(Json(json));
        Assert.Equal((expected.StartTokenId, expected.EndTokenId, expected.VocabularySize), (tokenizer.StartTokenId, tokenizer.EndTokenId, tokenizer.VocabularySize));
        Texts.Sample(text => Assert.Equal(expected.Encode(text), tokenizer.Encode(text)));
    }

    [Theory]
    [InlineData("unknown", "no unknown piece")]
    [InlineData("end", "no control piece \"</s>\"")]
    [InlineData("twice", "\"a\" is there twice")]
    [InlineData("bytes", "no piece <0x00>")]
    [InlineData("algorithm", "algorithm is number 3")]
    [InlineData("score", "has the score NaN")]
    [InlineData("kind", "the kind 9")]
    [InlineData("long", "has 2000 bytes")]
    [InlineData("padding", "the padding is to be 99")]
    public void AModelThatIsNoneSaysWhy(string fault, string problem)
    {
        SentencePieceFile file = SentencePieceFile.Unigram;
        file = fault switch
        {
            "unknown" => file with { Pieces = [.. file.Pieces.Where(piece => piece.Kind != SentencePieceFile.Unknown)] },
            "end" => file with { Pieces = [.. file.Pieces.Where(piece => piece.Text != "</s>")] },
            "twice" => file with { Pieces = [.. file.Pieces, ("a", -1, SentencePieceFile.Normal)] },
            "bytes" => file with { ByteFallback = true },
            "algorithm" => file with { Algorithm = 3 },
            "score" => file with { Pieces = [.. file.Pieces, ("q", float.NaN, SentencePieceFile.Normal)] },
            "kind" => file with { Pieces = [.. file.Pieces, ("q", 0, 9)] },
            "long" => file with { Pieces = [.. file.Pieces, (new string('q', 2000), 0, SentencePieceFile.Normal)] },
            _ => file,
        };
        InvalidVocabularyException exception = Assert.Throws<InvalidVocabularyException>(() => Load(file, padTokenId: fault == "padding" ? 99 : null));
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"model\":3}")]
    [InlineData("{\"model\":{\"type\":\"WordPiece\",\"vocab\":{}}}")]
    [InlineData("{\"model\":{\"type\":\"Unigram\",\"vocab\":[[1,2]]}}")]
    [InlineData("{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\"]]}}")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":{\"a\":5},\"merges\":[]}}")]
    [InlineData("{\"model\":{\"type\":\"Unigram\",\"vocab\":[]},\"normalizer\":{\"type\":\"NFKD\"}}")]
    [InlineData("{")]
    public void ATokenizerJsonThatIsNoneIsAnInvalidVocabulary(string json)
        => Assert.Throws<InvalidVocabularyException>(() => SentencePieceTokenizer.FromTokenizerJson(new MemoryStream(Encoding.UTF8.GetBytes(json)), TextCleaning.None));

    [Fact]
    public void DamagedModelsAreInvalidVocabulariesOrStillTokenize()
    {
        byte[][] files = [SentencePieceFile.Unigram.Write(), SentencePieceFile.Bpe.Write(), Encoding.UTF8.GetBytes(UnigramJson().ToJsonString()), Encoding.UTF8.GetBytes(BpeJson(SentencePieceFile.Bpe, true).ToJsonString())];
        Random random = new(5);
        int good = 0;
        for (int round = 0; round < 3000; round++)
        {
            int which = round % files.Length;
            byte[] damaged = [.. files[which]];
            for (int i = 0; i <= round % 3; i++)
            {
                // The rules of the unigram model are most of it; its first kilobyte is what matters.
                damaged[random.Next(round % 2 == 0 ? Math.Min(1500, damaged.Length) : damaged.Length)] = (byte)random.Next(256);
            }

            damaged = round % 5 == 0 ? damaged[..random.Next(damaged.Length)] : damaged;
            try
            {
                SentencePieceTokenizer tokenizer = which < 2
                    ? SentencePieceTokenizer.FromModel(new MemoryStream(damaged), TextCleaning.None)
                    : SentencePieceTokenizer.FromTokenizerJson(new MemoryStream(damaged), TextCleaning.None);
                Assert.All(tokenizer.Encode("a  cat, ﬁne\u3000 日本 …😀 <mask> photo"), id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
                good++;
            }
            catch (InvalidVocabularyException)
            {
            }
        }

        Assert.InRange(good, 100, 2900);
    }

    [Fact]
    public void AMegabyteOfAnythingTakesSecondsAtMost()
    {
        foreach (SentencePieceFile file in (SentencePieceFile[])[SentencePieceFile.Unigram, SentencePieceFile.Bpe, Marked])
        {
            SentencePieceTokenizer tokenizer = Load(file);
            foreach (string unit in (string[])["a", " ", "cat ", "😀", "…", "\u00AD", "<mask", "\n"])
            {
                string text = string.Concat(Enumerable.Repeat(unit, 200_000 / unit.Length));
                System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
                tokenizer.Tokenize([text], 64, truncate: true);
                Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
            }
        }
    }

    internal static JsonNode UnigramJson() => new JsonObject
    {
        ["added_tokens"] = new JsonArray([.. SentencePieceFile.Unigram.Pieces.Take(3).Select((piece, id) => (JsonNode)new JsonObject { ["id"] = id, ["content"] = piece.Text, ["special"] = true })]),
        ["normalizer"] = new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(SentencePieceFile.Unigram.WriteRules()) },
        ["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["add_prefix_space"] = true, ["prepend_scheme"] = "always" },
        ["model"] = new JsonObject
        {
            ["type"] = "Unigram",
            ["unk_id"] = 2,
            ["vocab"] = new JsonArray([.. SentencePieceFile.Unigram.Pieces.Select(piece => (JsonNode)new JsonArray(piece.Text, piece.Score))]),
        },
    };

    // Every way to split a piece in two known ones, in the order of the pieces: as transformers converts a model.
    internal static JsonNode BpeJson(SentencePieceFile file, bool pairs)
    {
        HashSet<string> known = [.. file.Pieces.Where(piece => piece.Kind == SentencePieceFile.Normal).Select(piece => piece.Text)];
        List<(string Left, string Right)> merges = [];
        foreach ((string text, _, _) in file.Pieces.Where(piece => piece.Kind == SentencePieceFile.Normal).OrderByDescending(piece => piece.Score))
        {
            merges.AddRange(Enumerable.Range(1, text.Length - 1).Select(at => (text[..at], text[at..])).Where(pair => known.Contains(pair.Item1) && known.Contains(pair.Item2)));
        }

        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. file.Pieces.Take(8).Select((piece, id) => (JsonNode)new JsonObject { ["id"] = id, ["content"] = piece.Text, ["special"] = piece.Kind != SentencePieceFile.UserDefined })]),
            ["normalizer"] = new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = " " }, ["content"] = "▁" },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["String"] = " " }, ["behavior"] = "MergedWithPrevious", ["invert"] = false },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["byte_fallback"] = true,
                ["fuse_unk"] = true,
                ["vocab"] = new JsonObject(file.Pieces.Select((piece, id) => KeyValuePair.Create(piece.Text, (JsonNode?)id))),
                ["merges"] = new JsonArray([.. merges.Select(merge => pairs ? (JsonNode)new JsonArray(merge.Left, merge.Right) : $"{merge.Left} {merge.Right}")]),
            },
        };
    }

    private static SentencePieceTokenizer Load(SentencePieceFile file, TextCleaning cleaning = TextCleaning.None, int? padTokenId = null)
        => SentencePieceTokenizer.FromModel(new MemoryStream(file.Write()), cleaning, padTokenId);

    private static MemoryStream Json(JsonNode json) => new(JsonSerializer.SerializeToUtf8Bytes(json));
}
