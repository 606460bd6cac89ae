using System.Net;
using ClipFunctions.Pipeline.Poison;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Reliability.Tests.Observation;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Models;

/// <summary>Sessions that throw, and models that cannot be loaded any more.</summary>
public sealed class FaultySessionTests(AzuriteServer azurite)
{
    private const int Pictures = 12;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task APictureThatMakesTheSessionThrowIsGivenUpAloneAndReplayHealsIt()
    {
        using FaultyBundle bundle = new();
        await using TestStorage storage = new(azurite.ConnectionString);
        await using MetricsReceiver metrics = await MetricsReceiver.StartAsync();
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. storage.Arguments(), .. metrics.Arguments, $"--Clip:CacheDirectory={bundle.Root}", $"--Clip:Model={FaultyBundle.Id}"]);
        string[] names = [.. Enumerable.Range(0, Pictures).Select(i => $"{i}.jpg"), "white.png"];
        await Task.WhenAll(names.Select((name, i) => storage.UploadAsync(name, i < Pictures ? i : Gallery.White, Token)));

        await Wait.UntilAsync(async () => (await storage.PoisonedAsync(Token)).Count == 1, "one message is given up", () => host.Output);
        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, null, 60, Token);

        Assert.Equal((Pictures, "white.png"), (verdict.Tagged, string.Join(' ', verdict.GivenUp)));
        Assert.Empty(verdict.Lost.Concat(verdict.Wrong));
        PoisonMessage poison = Assert.Single(await storage.PoisonedAsync(Token));
        Assert.Equal("white.png", poison.Subject);
        Assert.Contains("white.png: this try failed, OnnxRuntimeException", host.Output, StringComparison.Ordinal);
        Assert.Contains("\"BlobName\":\"white.png\"", host.Output, StringComparison.Ordinal);
        Assert.Contains("moved to webjobs-blobtrigger-poison after 5 tries: {\"Type\":\"BlobTrigger\"", host.Output, StringComparison.Ordinal);
        await Wait.UntilAsync(
            () => Task.FromResult(metrics.Has("clip.uploads.faults", "OnnxRuntimeException", "clip.queue.poisoned", "clip.uploads", "Tagged")), "the metrics tell of it", () => host.Output);
        Assert.Equal(HttpStatusCode.OK, await host.GetAsync("api/health/ready"));

        // A sound graph in its place; the host loads it, because the last try left the model unusable.
        bundle.Repair();
        Assert.Equal(1, await storage.ReplayAsync(Token));
        (verdict, _) = await Oracle.JudgeAsync(storage, null, 60, Token);
        Assert.True(verdict.IsPerfect, $"{verdict}\n{host.Output}");
        Assert.Empty(await storage.PoisonedAsync(Token));
    }

    [Fact]
    public async Task ReadinessTurnsRedWhenInferenceFailsAndGreenWhenItWorksAgain()
    {
        using FaultyBundle bundle = new();
        await using TestStorage storage = new(azurite.ConnectionString);
        await using MetricsReceiver metrics = await MetricsReceiver.StartAsync();
        await using LocalHostProcess host = await LocalHostProcess.StartAsync([.. storage.Arguments(), .. metrics.Arguments, $"--Clip:CacheDirectory={bundle.Root}", $"--Clip:Model={FaultyBundle.Id}"]);
        async Task<bool> IsAsync(HttpStatusCode status) => await host.GetAsync("api/health/ready") == status;

        // Nothing is wrong with what is loaded, until it throws and must be loaded anew.
        bundle.Damage();
        Assert.Equal(HttpStatusCode.OK, await host.GetAsync("api/health/ready"));
        await storage.UploadAsync("white.png", Gallery.White, Token);
        await Wait.UntilAsync(() => IsAsync(HttpStatusCode.ServiceUnavailable), "not ready", () => host.Output);
        await storage.UploadAsync("good.jpg", 1, Token);
        await Wait.UntilAsync(async () => (await storage.PoisonedAsync(Token)).Count == 2, "both are given up", () => host.Output);

        Assert.Equal(HttpStatusCode.OK, await host.GetAsync("api/health/live"));
        Assert.Contains("good.jpg: this try failed, InvalidBundleException", host.Output, StringComparison.Ordinal);
        await Wait.UntilAsync(() => Task.FromResult(metrics.Has("clip.uploads.faults", "InvalidBundleException", "clip.queue.poisoned")), "the metrics tell of it", () => host.Output);

        bundle.Repair();
        await Wait.UntilAsync(() => IsAsync(HttpStatusCode.OK), "ready again", () => host.Output);
        Assert.Equal(2, await storage.ReplayAsync(Token));
        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, null, 60, Token);
        Assert.True(verdict.IsPerfect, $"{verdict}\n{host.Output}");
    }
}
