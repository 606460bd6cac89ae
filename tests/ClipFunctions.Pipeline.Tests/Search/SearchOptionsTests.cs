using ClipFunctions.Pipeline.Search;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Tests.Search;

public sealed class SearchOptionsTests(AzuriteServer azurite)
{
    [Fact]
    public async Task HaveTheStatedDefaults() =>
        Assert.Equal(
            new SearchOptions { MaxPictures = 200_000, Parallelism = 16, MinRefreshInterval = TimeSpan.FromSeconds(1), FirstBuildPatience = TimeSpan.FromSeconds(20) },
            await ReadAsync());

    [Fact]
    public async Task TakeWhatIsSet() =>
        Assert.Equal(
            new SearchOptions { MaxPictures = 7, Parallelism = 2, MinRefreshInterval = TimeSpan.FromSeconds(0.5), FirstBuildPatience = TimeSpan.Zero },
            await ReadAsync(
                ("Clip:Search:MaxPictures", "7"),
                ("Clip:Search:Parallelism", "2"),
                ("Clip:Search:MinRefreshInterval", "00:00:00.5"),
                ("Clip:Search:FirstBuildPatience", "00:00:00")));

    [Theory]
    [InlineData(nameof(SearchOptions.MaxPictures), "0")]
    [InlineData(nameof(SearchOptions.Parallelism), "257")]
    [InlineData(nameof(SearchOptions.MinRefreshInterval), "02:00:00")]
    [InlineData(nameof(SearchOptions.FirstBuildPatience), "-00:00:01")]
    public async Task NameTheSettingThatIsOutOfItsRange(string name, string value)
    {
        OptionsValidationException exception = await Assert.ThrowsAsync<OptionsValidationException>(() => ReadAsync(($"{SearchOptions.Section}:{name}", value)));

        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
    }

    private async Task<SearchOptions> ReadAsync(params (string Key, string Value)[] settings)
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite, null, settings);
        return pipeline.Services.GetRequiredService<IOptions<SearchOptions>>().Value;
    }
}
