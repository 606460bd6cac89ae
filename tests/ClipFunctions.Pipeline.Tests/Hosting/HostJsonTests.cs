using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Hosting;

public sealed class HostJsonTests
{
    [Fact]
    public void ReadsTheRepositorysOwnFile()
    {
        HostJson host = HostJson.Read(Path.Combine(RepositoryPaths.Root, HostJson.FileName));

        Assert.Equal(5, host.PoisonBlobThreshold);
        Assert.Equal("", host.RoutePrefix);
    }

    [Fact]
    public void TakesTheDefaultsWhereThereIsNoFile()
    {
        HostJson host = HostJson.Read(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()));

        Assert.Equal(new HostJson(), host);
    }

    [Fact]
    public void NamesTheSettingThatIsOutOfRange()
    {
        using TemporaryFile file = new("""{ "extensions": { "blobs": { "maxDegreeOfParallelism": 0 } } }""");

        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => HostJson.Read(file.Path));
        Assert.Contains("extensions.blobs.maxDegreeOfParallelism is 0", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{ "extensions": 3 }""")]
    [InlineData("""{ "extensions": { "queues": { "maxPollingInterval": "soon" } } }""")]
    public void RefusesWhatIsNotAHostFile(string json)
    {
        using TemporaryFile file = new(json);

        Assert.Throws<InvalidDataException>(() => HostJson.Read(file.Path));
    }
}
