using System.Collections.Concurrent;
using Azure;
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

    public static TheoryData<string> Faults =>
        [.. Enum.GetNames<StorageFault>().Where(name => name is not (nameof(StorageFault.None) or nameof(StorageFault.Slow)))];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task LeavesOneRightResult(string fault)
    {
        // Once, so that the SDK's next try goes through, and until the SDK gives up, so that the event comes again.
        await RunAsync(Enum.Parse<StorageFault>(fault), once: true);
        await RunAsync(Enum.Parse<StorageFault>(fault), once: false);
    }

    private async Task RunAsync(StorageFault fault, bool once)
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
                    return ValueTask.FromResult(done.AddOrUpdate(name, 1, (_, count) => count + 1) <= (once ? 1 : TriesOfTheSdk) ? fault : StorageFault.None);
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
                catch (Exception exception) when (exception is RequestFailedException or AggregateException or IOException && tries < 5)
                {
                    // As a host: the event comes again.
                }
            }
        });

        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, proxy, 1, Token);
        Assert.True(verdict.IsPerfect, $"{verdict}\n{string.Join('\n', verdict.Wrong)}");
        Assert.True(proxy.Injected.GetValueOrDefault(fault) >= (fault == StorageFault.CutRequest ? 3 : calls.Count), $"{fault}: {string.Join(", ", done)}");
    }
}
