using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Testing;
using Microsoft.Extensions.Configuration;

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

    [Fact]
    public void ASettingWinsOverTheFile()
    {
        using TemporaryFile file = new("""{ "extensions": { "queues": { "maxDequeueCount": 5, "maxPollingInterval": "00:00:02" } } }""");

        HostJson host = HostJson.Read(file.Path, Settings("AzureFunctionsJobHost:extensions:queues:maxDequeueCount", "3"));

        Assert.Equal((3, TimeSpan.FromSeconds(2)), (host.MaxDequeueCount, host.MaxPollingInterval));
    }

    [Fact]
    public void NamesTheSettingThatCannotBeUsed()
    {
        InvalidSettingException exception = Assert.Throws<InvalidSettingException>(() =>
            HostJson.Read("no-such-file", Settings("AzureFunctionsJobHost:extensions:blobs:maxDegreeOfParallelism", "many")));

        Assert.Contains("'AzureFunctionsJobHost:extensions:blobs:maxDegreeOfParallelism' is 'many'", exception.Message, StringComparison.Ordinal);
    }

    private static IConfigurationRoot Settings(string key, string value) => new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();
}
