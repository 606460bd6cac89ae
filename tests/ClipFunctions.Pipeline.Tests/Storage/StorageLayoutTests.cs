using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Tests.Storage;

public sealed class StorageLayoutTests
{
    [Fact]
    public void NamesResultAndEmbeddingAfterTheUpload()
    {
        Assert.Equal("2026/cat.jpg.json", StorageLayout.ResultName("2026/cat.jpg"));
        Assert.Equal("2026/cat.jpg.npy", StorageLayout.EmbeddingName("2026/cat.jpg"));
    }

    [Fact]
    public void KeepsDerivedNamesWithinAzuresLimitAndApart()
    {
        string one = new string('a', 1023) + "1";
        string two = new string('a', 1023) + "2";

        Assert.Equal(StorageLayout.MaxBlobNameLength, StorageLayout.ResultName(one).Length);
        Assert.NotEqual(StorageLayout.ResultName(one), StorageLayout.ResultName(two));
        Assert.EndsWith(".npy", StorageLayout.EmbeddingName(one), StringComparison.Ordinal);
    }
}
