using Azure.Storage.Blobs;
using ClipFunctions.Pipeline.Storage;
using CsCheck;

namespace ClipFunctions.Pipeline.Tests.Storage;

public sealed class BlobPathTests
{
    private static readonly BlobContainerClient Container = new(new Uri("http://127.0.0.1:10000/devstoreaccount1/results"));

    // Pieces that addresses treat in their own way, and any characters.
    private static readonly Gen<string> Names = Gen.Frequency(
            (5, Gen.OneOf("/", ".", "..", "a", "\\", "%", "%2e", "%2E%2e", "%2f", "%5c", "?", "#", ":", "//", "/../", " ", "+", "&", "~", "é", "e\u0301", "\u200e", "\u202e", "\ufeff", "\uffff", "🐈", "\ud83d", "\u0085", "http://", "\u2024", "．", "％２ｅ")),
            (1, Gen.String[0, 3]))
        .Array[0, 8].Select(string.Concat);

    [Theory]
    [InlineData("cat.jpg")]
    [InlineData("2026/a cat, or two?.jpg")]
    [InlineData("100% #1 +&.jpg")]
    [InlineData("...")]
    [InlineData("a/..b/.c/d.")]
    [InlineData("%2e%2e/x")]
    [InlineData("猫/🐈.png")]
    public void TakesOrdinaryNames(string name)
    {
        Assert.True(BlobPath.IsValid(name, out string? problem));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData("/cat.jpg", "begin or end with '/'")]
    [InlineData("cat.jpg/", "begin or end with '/'")]
    [InlineData("..", "segment '..'")]
    [InlineData("../models/x", "segment '..'")]
    [InlineData("a/../../models/x", "segment '..'")]
    [InlineData("a/./b", "segment '.'")]
    [InlineData("a/..", "segment '..'")]
    [InlineData("a\\..\\b", "'\\'")]
    [InlineData("a\nb", "U+000A")]
    [InlineData("a\u007fb", "U+007F")]
    [InlineData("a\u0085b", "U+0085")]
    public void SaysWhatIsWrongWithOthers(string? name, string told)
    {
        Assert.False(BlobPath.IsValid(name, out string? problem));
        Assert.Contains(told, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesHalvesOfSurrogatePairs()
    {
        Assert.False(BlobPath.IsValid("a\ud83d", out _));
        Assert.False(BlobPath.IsValid("\udc08\ud83d", out _));
        Assert.True(BlobPath.IsValid("\ud83d\udc08", out _));
    }

    [Fact]
    public void RefusesNamesThatAreTooLong()
    {
        Assert.True(BlobPath.IsValid(new string('a', 1024), out _));
        Assert.False(BlobPath.IsValid(new string('a', 1025), out string? problem));
        Assert.Contains("1025", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AcceptedNamesStayInTheirContainer() =>
        Names.Sample(
            name =>
            {
                if (!BlobPath.IsValid(name, out _))
                {
                    return;
                }

                BlobClient blob = Container.GetBlobClient(name);
                Assert.StartsWith(Container.Uri.AbsoluteUri + "/", blob.Uri.AbsoluteUri, StringComparison.Ordinal);
                Assert.Equal(name, blob.Name);
                Assert.Equal(name, Uri.UnescapeDataString(blob.Uri.AbsoluteUri[(Container.Uri.AbsoluteUri.Length + 1)..]));
                Assert.Equal("", blob.Uri.Query + blob.Uri.Fragment);
            },
            iter: 20_000);
}
