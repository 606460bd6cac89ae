using ClipFunctions.FunctionsTestHost;
using ClipFunctions.Testing;

namespace ClipFunctions.App.Tests.Worker;

public sealed class WorkerStartTests(AzuriteServer azurite)
{
    [Theory]
    [InlineData("AzureWebJobs.TagUploadOnEvent.Disabled", "false", "Both triggers of uploads are on")]
    [InlineData("Storage__ShardQueue", "elsewhere", "clip-evaluation-shards")]
    [InlineData("Clip__Model", "no-such-model", "There is no model 'no-such-model'")]
    [InlineData("Clip__TopK", "0", "TopK")]
    [InlineData("Clip__Device", "cuda:99", "cuda")]
    [InlineData("ClipStorage", "nonsense", "'ClipStorage' is not a storage connection string")]
    [InlineData("AzureFunctionsJobHost__extensions__queues__maxDequeueCount", "0", "maxDequeueCount")]
    public async Task RefusesToStartWithSettingsThatCannotWorkAndSaysWhy(string setting, string value, string message)
    {
        (int code, string output) = await FunctionsHost.RunToEndAsync(azurite.ConnectionString, (setting, value));

        Assert.Equal(1, code);
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", output, StringComparison.Ordinal);
    }
}
