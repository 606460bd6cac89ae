using ClipFunctions.LocalHost.Hosting;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Hosting;

public sealed class LocalSettingsTests
{
    [Fact]
    public void ReadsValuesWithEitherSeparator()
    {
        using TemporaryFile file = new("""{ "IsEncrypted": false, /* comment */ "Values": { "Clip__Model": "demo", "Clip:TopK": "3", "Flag": true } }""");

        IReadOnlyDictionary<string, string?> values = LocalSettings.Read(file.Path);

        Assert.Equal("demo", values["Clip:Model"]);
        Assert.Equal("3", values["Clip:TopK"]);
        Assert.Equal("True", values["Flag"]);
    }

    [Fact]
    public void ReadsTheSampleOfTheRepository()
    {
        IReadOnlyDictionary<string, string?> values = LocalSettings.Read(Path.Combine(RepositoryPaths.Root, "local.settings.sample.json"));

        Assert.Equal("UseDevelopmentStorage=true", values["ClipStorage"]);
    }

    [Fact]
    public void SaysWhatToDoAboutEncryptedSettings()
    {
        using TemporaryFile file = new("""{ "IsEncrypted": true, "Values": {} }""");

        Assert.Contains("func settings decrypt", Assert.Throws<InvalidDataException>(() => LocalSettings.Read(file.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{ "Values": 3 }""")]
    public void RefusesWhatIsNotASettingsFile(string json)
    {
        using TemporaryFile file = new(json);

        Assert.Throws<InvalidDataException>(() => LocalSettings.Read(file.Path));
    }
}
