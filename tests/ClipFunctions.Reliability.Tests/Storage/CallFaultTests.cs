using System.Collections.Concurrent;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Reliability.Tests.Storage;

/// <summary>Each fault in each of an upload's storage calls.</summary>
public sealed class CallFaultTests(AzuriteServer azurite)
{
    // The first try and three more: as often as the storage SDK asks before it gives up.
    private const int TriesOfTheSdk = 4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IEnumerable<StorageFault> Faults => Enum.GetValues<StorageFault>().Where(fault => fault is not (StorageFault.None or StorageFault.Slow));

    [Fact]
    public async Task LeaveOneRightResultWhenTheNextTryGoesThrough() =>
        await Task.WhenAll(Faults.Select(fault => Task.Run(() => RunAsync(fault, times: 1), Token)));

    [Fact]
    public async Task LeaveOneRightResultWhenTheSdkGivesUpAndTheEventComesAgain() =>
        await Task.WhenAll(Faults.Select(fault => Task.Run(() => RunAsync(fault, TriesOfTheSdk), Token)));

    private async Task RunAsync(StorageFault fault, int times)
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await storage.TriggerQueue.CreateIfNotExistsAsync(cancellationToken: Token);
        Dictionary<string, StorageCall> calls = Enum.GetValues<StorageCall>().ToDictionary(call => $"{call}.jpg");
        ConcurrentDictionary<string, int> done = new();
        await using FaultProxy proxy = await FaultProxy.StartAsync(azurite.ConnectionString, storage.Results.Name, request =>
        {
            foreach ((string name, StorageCall call) in calls)
            {
                if (StorageCalls.Of(request, storage, name) == call && !(fault == StorageFault.CutRequest && request.Body.IsEmpty))
                {
                    return ValueTask.FromResult(done.AddOrUpdate(name, 1, (_, count) => count + 1) <= times ? fault : StorageFault.None);
                }
            }

            return ValueTask.FromResult(StorageFault.None);
        });
        await using ServiceProvider services = storage.Pipeline(proxy.ConnectionString);
        UploadTagger tagger = services.GetRequiredService<UploadTagger>();

        await Parallel.ForEachAsync(calls.Keys, new ParallelOptions { MaxDegreeOfParallelism = calls.Count, CancellationToken = Token }, async (name, token) =>
        {
            UploadEvent upload = await storage.UploadAsync(name, 3, token);
            for (int tries = 1; ; tries++)
            {
                try
                {
                    await tagger.TagAsync(upload, token);
                    return;
                }
                catch (Exception exception) when (exception is not OperationCanceledException && tries < 5)
                {
                    // As a host: the event comes again.
                }
            }
        });

        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, proxy, 1, Token);
        Assert.True(verdict.IsPerfect, $"{fault}: {verdict}\n{string.Join('\n', verdict.Wrong)}");
        Assert.True(proxy.Injected.GetValueOrDefault(fault) >= (fault == StorageFault.CutRequest ? 3 : calls.Count), $"{fault}: {string.Join(", ", done)}");
    }
}
