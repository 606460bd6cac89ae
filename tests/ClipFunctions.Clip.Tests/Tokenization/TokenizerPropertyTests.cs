using System.Text;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;
using CsCheck;
using Microsoft.ML.Tokenizers;
using ClipNormalizer = ClipFunctions.Clip.Tokenization.Normalizer;

namespace ClipFunctions.Clip.Tests.Tokenization;

public sealed class TokenizerPropertyTests
{
    private static readonly ClipTokenizer Tokenizer = GoldenData.Vocabulary is string path ? ClipTokenizer.Load(path) : TestVocabulary.Small;

    private static readonly Gen<string> Words = Gen.String[Gen.Char['a', 'z'], 1, 12].Array[0, 20].Select(words => string.Join(' ', words));

    // Characters that the cleaning steps care about, among any others; lone surrogates come too.
    private static readonly Gen<char> AnyChar = Gen.Frequency(
        (4, Gen.Char),
        (4, Gen.Char[' ', '~']),
        (2, Gen.Char['\u0080', '\u024F']),
        (1, Gen.Char['\u0000', '\u001F']),
        (1, Gen.Char['\u0300', '\u0345']),
        (1, Gen.Char['\uD800', '\uDFFF']),
        (1, Gen.OneOf('&', '#', ';', '<', '\n', '\r', 'Ã', 'Â', 'â', '€', '\u00A0', '\uFFFD', 'Σ', 'İ', '\'')));

    private static readonly Gen<string> AnyText = Gen.String[AnyChar, 0, 60];

    [Fact]
    public void AnyUtf16IsTokenizedWithoutAnError()
    {
        AnyText.Sample(text =>
        {
            IReadOnlyList<int> ids = Tokenizer.Encode(text);
            Assert.All(ids, id => Assert.InRange(id, 0, Tokenizer.VocabularySize - 1));
            Tokenizer.Decode([.. ids]);
        });
    }

    [Fact]
    public void WordsComeBackFromTheirIds()
    {
        Words.Sample(text => Assert.Equal(text.Length == 0 ? "" : text + " ", Tokenizer.Decode([.. Tokenizer.Encode(text)])));
    }

    [Fact]
    public void DecodedIdsAreTheCleanedTextButForSpaces()
    {
        AnyText.Sample(text =>
        {
            using CodePointBuffer clean = new();
            TextCleaner.Clean(text, clean);
            string wanted = clean.ToString().Replace("\u0345", "", StringComparison.Ordinal);
            Assert.Equal(WithoutSpaces(wanted), WithoutSpaces(Tokenizer.Decode([.. Tokenizer.Encode(text)])));
        });
    }

    [Fact]
    public void ATruncatedRowIsTheFullOneWithTheEndTokenLast()
    {
        Gen.Select(AnyText, Gen.Int[1, 40]).Sample((text, contextLength) =>
        {
            int[] full = [Tokenizer.StartTokenId, .. Tokenizer.Encode(text), Tokenizer.EndTokenId];
            int[] wanted = [.. full.Take(contextLength)];
            if (full.Length > contextLength)
            {
                wanted[^1] = Tokenizer.EndTokenId;
                Assert.Equal(full.Length, Assert.Throws<TextTooLongException>(() => Tokenizer.Tokenize(text, contextLength)).TokenCount);
            }

            TokenBatch batch = Tokenizer.Tokenize(text, contextLength, truncate: true);
            Assert.Equal(wanted, batch[0][..wanted.Length].ToArray());
            Assert.Equal(new int[contextLength - wanted.Length], batch[0][wanted.Length..].ToArray());
            Assert.Equal(Array.IndexOf(wanted, wanted.Max()), batch.EndPositions[0]);
        });
    }

    [Fact]
    public void ABatchIsItsTextsOneByOne()
    {
        AnyText.List[0, 8].Sample(texts =>
        {
            TokenBatch batch = Tokenizer.Tokenize(texts, truncate: true);
            for (int i = 0; i < texts.Count; i++)
            {
                TokenBatch single = Tokenizer.Tokenize(texts[i], truncate: true);
                Assert.Equal(single[0].ToArray(), batch[i].ToArray());
                Assert.Equal(single.EndPositions[0], batch.EndPositions[i]);
            }
        });
    }

    [Fact]
    public void TheShortWayOfPlainTextGivesWhatTheLongWayGives()
    {
        Gen<char> ascii = Gen.Frequency(
            (20, Gen.Char[' ', '~']), (6, Gen.OneOf('&', ' ', '\'', '<', '|', ';', '\t', '\r', '\n', '\f')), (1, Gen.Char['\u0000', '\u007F']));
        Gen<string> pieces = Gen.Frequency((6, Gen.String[ascii, 0, 12]), (1, Gen.OneOf("<|startoftext|>", "<|EndOfText|>", "It's", "& ", "&&", "A&<")));
        int plain = 0;
        pieces.Array[0, 5].Select(string.Concat).Sample(text =>
        {
            if (!TextCleaner.NeedsNoCleaning(text))
            {
                return;
            }

            Interlocked.Increment(ref plain);
            using CodePointBuffer clean = new();
            TextCleaner.Clean(text, clean);
            string longWay = clean.ToString();
            string shortWay = string.Join(' ', text.ToLowerInvariant().Split([' ', '\t', '\n', '\f', '\r'], StringSplitOptions.RemoveEmptyEntries));
            Assert.Equal(longWay, shortWay);

            byte[] utf8 = Encoding.UTF8.GetBytes(longWay);
            TokenSink sink = TokenSink.Growing();
            PatternSplitter.Encode(utf8, new BytePairEncoder(TestVocabulary.SmallVocabulary), TestVocabulary.Small.StartTokenId, TestVocabulary.Small.EndTokenId, ref sink);
            Assert.Equal(sink.Tokens.ToArray(), TestVocabulary.Small.Encode(text));
            sink.Return();
        });
        Assert.True(plain > 10, $"Only {plain} of the texts were plain.");
    }

    [Fact]
    public void MergingIsThatOfThePlainReferenceForWordsShortAndLong()
    {
        // Random merges over three letters: later ones may outrank those that make their parts.
        Gen<(string Merges, string Word)> cases =
            from picks in Gen.Int[0, 1 << 20].Array[1, 25]
            from word in Gen.String[Gen.Char['a', 'c'], 1, 150]
            select (MakeMerges(picks), word);
        cases.Sample(one =>
        {
            Vocabulary vocabulary = Vocabulary.FromMerges(new MemoryStream(Encoding.UTF8.GetBytes(one.Merges)), "test");
            Dictionary<(string, string), int> ranks = [];
            string[] lines = one.Merges.Split('\n')[1..];
            for (int i = 0; i < lines.Length; i++)
            {
                string[] pair = lines[i].Split(' ');
                ranks[(pair[0], pair[1])] = i;
            }

            List<string> wanted = PlainBytePairEncoding.Split(one.Word, ranks);
            BytePairEncoder encoder = new(vocabulary);
            int[] symbols = [.. one.Word.Select(c => c - '!')];
            symbols[^1] += 256;
            Assert.Equal(wanted, Texts(encoder.MergeShort([.. symbols])));
            Assert.Equal(wanted, Texts(encoder.MergeLong([.. symbols])));

            List<string> Texts(ReadOnlySpan<int> merged)
            {
                List<string> texts = [];
                foreach (int symbol in merged)
                {
                    texts.Add(vocabulary.Symbols[symbol]);
                }

                return texts;
            }
        });
    }

    [Fact]
    public void MergingAgreesWithMicrosoftMLTokenizers()
    {
        Vocabulary vocabulary = TestVocabulary.OfficialVocabulary ?? TestVocabulary.SmallVocabulary;
        BpeOptions options = new(vocabulary.Symbols.Select((symbol, index) => KeyValuePair.Create(symbol, vocabulary.Ids[index])))
        {
            Merges = vocabulary.Merges.Select(merge => $"{vocabulary.Symbols[merge.Left]} {vocabulary.Symbols[merge.Right]}"),
            EndOfWordSuffix = "</w>",
            ByteLevel = true,
        };
        BpeTokenizer other = BpeTokenizer.Create(options);
        BytePairEncoder encoder = new(vocabulary);
        Gen.String[Gen.Frequency((9, Gen.Char['a', 'z']), (1, Gen.Char['\u00A1', '\u04FF'])), 1, 40].Sample(word =>
        {
            TokenSink sink = TokenSink.Growing();
            encoder.Encode(Encoding.UTF8.GetBytes(word), ref sink);
            Assert.Equal(other.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false), sink.Tokens.ToArray());
            sink.Return();
        });
    }

    [Fact]
    public void NormalisingAgreesWithThatOfNETOnOldScripts()
    {
        // ICU may know later Unicode than the reference does, so only characters of long standing.
        Assert.SkipUnless("e\u0301".Normalize() == "\u00E9", "This process has no ICU.");
        Gen<char> letters = Gen.Frequency(
            (4, Gen.Char['A', '\u017F']), (4, Gen.Char['\u0300', '\u036F']), (1, Gen.Char['\u0391', '\u03CE']), (1, Gen.Char['\u1E00', '\u1EF9']),
            (1, Gen.Char['\u1100', '\u1112']), (1, Gen.Char['\u1161', '\u1175']), (1, Gen.Char['\u11A8', '\u11C2']), (1, Gen.Char['\uAC00', '\uD7A3']),
            (1, Gen.Char['\u05B0', '\u05BD']), (1, Gen.Char['\u0915', '\u0939']), (1, Gen.Char['\u093C', '\u094D']));
        Gen.String[letters, 0, 40].Sample(text =>
        {
            using CodePointBuffer own = new();
            using CodePointBuffer scratch = new();
            own.AddUtf16(text);
            ClipNormalizer.Compose(own, scratch);
            Assert.Equal(text.Normalize(NormalizationForm.FormC), own.ToString());
        });
    }

    [Fact]
    public void ManyThreadsGetWhatOneGets()
    {
        ClipTokenizer shared = ClipTokenizer.FromMerges(new MemoryStream(Encoding.UTF8.GetBytes(TestVocabulary.SmallMerges)));
        string[] texts = [.. Enumerable.Range(0, 5000).Select(i => $"cat {i % 977} dog hello w{i} é{i % 31} naïve ﬁne")];
        int[][] alone = [.. texts.Select(text => TestVocabulary.Small.Encode(text).ToArray())];
        Parallel.For(0, texts.Length * 4, i => Assert.Equal(alone[i % texts.Length], shared.Encode(texts[i % texts.Length])));
    }

    private static string MakeMerges(int[] picks)
    {
        List<string> symbols = ["a", "b", "c", "a</w>", "b</w>", "c</w>"];
        List<string> lines = [];
        foreach (int pick in picks)
        {
            string[] inner = [.. symbols.Where(symbol => !symbol.EndsWith("</w>", StringComparison.Ordinal))];
            string left = inner[pick % inner.Length];
            string right = symbols[pick / inner.Length % symbols.Count];
            lines.Add($"{left} {right}");
            symbols.Add(left + right);
        }

        // The order is shuffled by the picks, so that ranks do not follow the making.
        IEnumerable<string> shuffled = lines.Select((line, i) => (line, Key: picks[i] * 7919L % 1009)).OrderBy(entry => entry.Key).Select(entry => entry.line);
        return "header\n" + string.Join('\n', shuffled);
    }

    private static string WithoutSpaces(string text) => text.Replace(" ", "", StringComparison.Ordinal);
}
