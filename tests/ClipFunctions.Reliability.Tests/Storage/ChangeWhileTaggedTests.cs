using System.Collections.Concurrent;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Reliability.Tests.Storage;

/// <summary>Uploads that change just before each of the storage calls by which they are tagged.</summary>
public sealed class ChangeWhileTaggedTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("replaced", 5, false)]
    [InlineData("replaced", 5, true)]
    [InlineData("replaced by what is no picture", 15, false)]
    [InlineData("replaced by what is no picture", 15, true)]
    [InlineData("uploaded again", 3, true)]
    [InlineData("deleted", null, false)]
    public async Task OnlyTheVersionThatStandsHasAResult(string what, int? next, bool laterEventFirst)
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await storage.TriggerQueue.CreateIfNotExistsAsync(cancellationToken: Token);
        Dictionary<string, StorageCall> calls = Enum.GetValues<StorageCall>().ToDictionary(call => $"{call}.jpg");
        ConcurrentDictionary<string, UploadEvent?> changed = new();
        UploadTagger? other = null;
        await using FaultProxy proxy = await FaultProxy.StartAsync(azurite.ConnectionString, storage.Results.Name, async request =>
        {
            foreach ((string name, StorageCall call) in calls)
            {
                if (StorageCalls.Of(request, storage, name) == call && changed.TryAdd(name, null))
                {
                    if (next is { } number)
                    {
                        UploadEvent later = await storage.UploadAsync(name, number, Token);
                        changed[name] = later;
                        if (laterEventFirst)
                        {
                            // Another host handles the new version while this one still waits for its call.
                            await other!.TagAsync(later, Token);
                        }
                    }
                    else
                    {
                        await storage.DeleteAsync(name, Token);
                    }
                }
            }

            return StorageFault.None;
        });
        await using ServiceProvider services = storage.Pipeline(proxy.ConnectionString);
        await using ServiceProvider others = storage.Pipeline(proxy.ConnectionString);
        UploadTagger tagger = services.GetRequiredService<UploadTagger>();
        other = others.GetRequiredService<UploadTagger>();

        await Parallel.ForEachAsync(calls.Keys, new ParallelOptions { MaxDegreeOfParallelism = calls.Count, CancellationToken = Token }, async (name, token) =>
        {
            await tagger.TagAsync(await storage.UploadAsync(name, 3, token), token);
            if (changed[name] is { } later && !laterEventFirst)
            {
                await other.TagAsync(later, token);
            }
        });

        Assert.Equal(calls.Count, changed.Count);
        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, proxy, 1, Token);
        Assert.True(verdict.IsPerfect, $"{what}: {verdict}\n{string.Join('\n', verdict.Wrong)}");
        Assert.Equal(next is null ? 0 : calls.Count, verdict.Tagged + verdict.Failed);
    }
}
