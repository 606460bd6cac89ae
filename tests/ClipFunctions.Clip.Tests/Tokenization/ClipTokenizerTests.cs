using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Clip.Tests.Tokenization;

public sealed class ClipTokenizerTests
{
    private static readonly ClipTokenizer Tokenizer = TestVocabulary.Small;

    private static readonly int Cat = Tokenizer.Encode("cat").Single();
    private static readonly int Dog = Tokenizer.Encode("dog").Single();

    [Fact]
    public void ARowIsStartIdsEndAndZeros()
    {
        TokenBatch batch = Tokenizer.Tokenize("Cat  DOG ", contextLength: 6);

        Assert.Equal([Tokenizer.StartTokenId, Cat, Dog, Tokenizer.EndTokenId, 0, 0], batch[0].ToArray());
        Assert.Equal(1, batch.Count);
        Assert.Equal(6, batch.ContextLength);
        Assert.Equal(3, batch.EndPositions[0]);
        Assert.Equal(3, batch.LongestEndPosition);
    }

    [Fact]
    public void StartAndEndTokensAreTheLastTwoIds()
    {
        Assert.Equal(512 + 11 + 2, Tokenizer.VocabularySize);
        Assert.Equal(Tokenizer.VocabularySize - 2, Tokenizer.StartTokenId);
        Assert.Equal(Tokenizer.VocabularySize - 1, Tokenizer.EndTokenId);
    }

    [Fact]
    public void TheEmptyTextIsStartAndEnd()
    {
        Assert.Empty(Tokenizer.Encode(""));
        Assert.Equal([Tokenizer.StartTokenId, Tokenizer.EndTokenId], Tokenizer.Tokenize(" \t\n ", contextLength: 2)[0].ToArray());
    }

    [Fact]
    public void ATextTooLongIsNamedWithItsIndexLengthAndLimit()
    {
        TextTooLongException e = Assert.Throws<TextTooLongException>(() => Tokenizer.Tokenize(["cat", "cat dog cat"], contextLength: 4));

        Assert.Equal(1, e.TextIndex);
        Assert.Equal(5, e.TokenCount);
        Assert.Equal(4, e.ContextLength);
        Assert.StartsWith("Input cat dog cat is too long for context length 4", e.Message, StringComparison.Ordinal);
        Assert.Contains("truncate: true", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheMessageAboutAHugeTextIsNotHuge()
    {
        TextTooLongException e = Assert.Throws<TextTooLongException>(() => Tokenizer.Tokenize(string.Concat(Enumerable.Repeat("cat ", 100_000))));

        Assert.Equal(100_002, e.TokenCount);
        Assert.True(e.Message.Length < 10_000);
    }

    [Fact]
    public void TruncationGivesTheLastPlaceToTheEndToken()
    {
        TokenBatch batch = Tokenizer.Tokenize("cat dog cat dog", contextLength: 4, truncate: true);

        Assert.Equal([Tokenizer.StartTokenId, Cat, Dog, Tokenizer.EndTokenId], batch[0].ToArray());
        Assert.Equal(3, batch.EndPositions[0]);
    }

    [Fact]
    public void NoTextsGiveAnEmptyBatch()
    {
        TokenBatch batch = Tokenizer.Tokenize([]);

        Assert.Equal(0, batch.Count);
        Assert.True(batch.Ids.IsEmpty);
        Assert.Equal(0, batch.LongestEndPosition);
    }

    [Fact]
    public void ANullTextIsNamed()
    {
        ArgumentNullException e = Assert.Throws<ArgumentNullException>(() => Tokenizer.Tokenize(["cat", null!]));
        Assert.Contains("Text 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ImpossibleContextLengthsAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Tokenize("cat", contextLength: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Tokenize("cat", contextLength: 0, truncate: true));
        Assert.Throws<TextTooLongException>(() => Tokenizer.Tokenize("cat", contextLength: 0));
    }

    [Theory]
    [InlineData("<|startoftext|> cat <|endoftext|>")]
    [InlineData("<|STARTOFTEXT|>CAT<|EndOfText|>")]
    [InlineData("&lt;|startoftext|&gt; cat &#60;|endoftext|>")]
    public void SpecialTokensInsideATextBecomeTheirIds(string text)
    {
        Assert.Equal([Tokenizer.StartTokenId, Cat, Tokenizer.EndTokenId], Tokenizer.Encode(text));
    }

    [Fact]
    public void TheEncoderPoolsAtTheFirstEndToken()
    {
        TokenBatch batch = Tokenizer.Tokenize(["cat <|endoftext|> dog", "dog"], contextLength: 8);

        Assert.Equal([2, 2], batch.EndPositions.ToArray());
    }

    [Theory]
    [InlineData("cats don't", "cats don 't ")]
    [InlineData("we'll they've I'm he'd you're it's", "we 'll they 've i 'm he 'd you 're it 's ")]
    [InlineData("it'\u017F o'clock", "it '\u017F o ' clock ")]
    [InlineData("3.14 ½", "3 . 1 4 ½ ")]
    [InlineData("!!<|startoftext|>", "!!<| startoftext |> ")]
    [InlineData("a\u0345b", "a b ")]
    [InlineData("\U0001D510\U0001F600x", "\U0001D510 \U0001F600 x ")]
    [InlineData("a<|\u017Ftartoftext|>b", "a <|\u017Ftartoftext|> b ")]
    public void WordsAreCutAsThePatternCutsThem(string text, string words)
    {
        Assert.Equal(words, Tokenizer.Decode([.. Tokenizer.Encode(text)]));
    }

    [Fact]
    public void AnIdOutsideTheVocabularyIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([Tokenizer.VocabularySize]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.TokenText(-1));
    }

    [Fact]
    public void TokensAreShownWithTheEndOfAWord()
    {
        Assert.Equal("cat</w>", Tokenizer.TokenText(Cat));
        Assert.Equal("é</w>", Tokenizer.TokenText(Tokenizer.Encode("é").Single()));
        Assert.Equal("<|endoftext|>", Tokenizer.TokenText(Tokenizer.EndTokenId));
        Assert.Equal("!", Tokenizer.TokenText(0));
    }

    [Theory]
    [InlineData("a photo of a cat", true)]
    [InlineData("Tom & Jerry\r\n50 % <b>;&", true)]
    [InlineData("Tom &amp; Jerry", false)]
    [InlineData("AT&T", false)]
    [InlineData("&#38;", false)]
    [InlineData("caf\u00e9", false)]
    [InlineData("\u001b[0m", false)]
    [InlineData("\u007f", false)]
    public void OnlyPlainTextGoesWithoutCleaning(string text, bool plain)
    {
        Assert.Equal(plain, TextCleaner.NeedsNoCleaning(text));
    }
}
