using System.Net;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Storage;

public sealed class OutageTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(StorageFault.Busy), false)]

    // A refusal that bears no body: the storage SDK throws another exception then.
    [InlineData(nameof(StorageFault.Busy), true)]

    // What storage says to a host whose clock has jumped.
    [InlineData(nameof(StorageFault.Forbidden), false)]
    [InlineData(nameof(StorageFault.CutAnswer), false)]
    public async Task AHostOutlivesAStorageThatFailsEveryRequest(string fault, bool onlyHeads)
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        bool fails = false;
        await using FaultProxy proxy = await FaultProxy.StartAsync(
            azurite.ConnectionString, storage.Results.Name, request => ValueTask.FromResult(fails && (!onlyHeads || request.Method == "HEAD") ? Enum.Parse<StorageFault>(fault) : StorageFault.None));
        await using LocalHostProcess host = await LocalHostProcess.StartAsync(storage.Arguments(proxy.ConnectionString));
        async Task<bool> IsAsync(HttpStatusCode status) => await host.GetAsync("api/health/ready") == status;

        Task uploading = Task.WhenAll(Enumerable.Range(0, 40).Select(i => storage.UploadAsync($"{i}.jpg", i, Token)));
        await Task.Delay(50, Token);
        fails = true;
        await uploading;
        if (!onlyHeads)
        {
            await Wait.UntilAsync(() => IsAsync(HttpStatusCode.ServiceUnavailable), "not ready", () => host.Output);
        }

        // As long as the SDK's tries take, so that it gives up, too.
        await Wait.UntilAsync(() => Task.FromResult(host.Output.Contains("could not be scanned", StringComparison.Ordinal)), "the scan gives up", () => host.Output);
        fails = false;

        await Wait.UntilAsync(() => IsAsync(HttpStatusCode.OK), "ready again", () => host.Output);
        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, proxy, 60, Token);
        if (verdict.GivenUp.Count > 0)
        {
            await storage.ReplayAsync(Token);
            (verdict, _) = await Oracle.JudgeAsync(storage, proxy, 60, Token);
        }

        Assert.True(verdict.IsPerfect, $"{verdict}\n{string.Join('\n', verdict.Wrong)}\n{host.Output}");
    }
}
