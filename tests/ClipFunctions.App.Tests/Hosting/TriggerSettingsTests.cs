using ClipFunctions.Hosting;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.App.Tests.Hosting;

public sealed class TriggerSettingsTests
{
    private const string OnScan = "AzureWebJobs.TagUploadOnScan.Disabled";
    private const string OnEvent = "AzureWebJobs.TagUploadOnEvent.Disabled";

    [Theory]
    [InlineData(OnScan)]
    [InlineData(OnEvent)]
    public void OneTriggerOfUploadsIsEnough(string disabled) => TriggerSettings.Check(Settings((disabled, "true"), ("Storage:Uploads", "uploads")));

    [Fact]
    public void AnAppMayServeRequestsAlone() => TriggerSettings.Check(Settings((OnScan, "true"), (OnEvent, "true")));

    [Fact]
    public void BothTriggersOfUploadsAreRefused()
    {
        InvalidSettingException exception = Assert.Throws<InvalidSettingException>(() => TriggerSettings.Check(Settings()));

        Assert.Contains(OnScan, exception.Message, StringComparison.Ordinal);
        Assert.Contains(OnEvent, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Storage:Uploads")]
    [InlineData("Storage:EvaluationQueue")]
    [InlineData("Storage:ShardQueue")]
    [InlineData("Storage:FitQueue")]
    public void ANameThatTheTriggersDoNotFollowIsRefused(string setting)
    {
        InvalidSettingException exception = Assert.Throws<InvalidSettingException>(() => TriggerSettings.Check(Settings((OnScan, "true"), (setting, "others"))));

        Assert.Equal(setting, exception.Setting);
        Assert.Contains("others", exception.Message, StringComparison.Ordinal);
    }

    private static IConfigurationRoot Settings(params IEnumerable<(string Key, string Value)> settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
}
