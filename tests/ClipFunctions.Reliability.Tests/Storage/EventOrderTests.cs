using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Reliability.Tests.Storage;

public sealed class EventOrderTests(AzuriteServer azurite)
{
    private const int Names = 12;
    private const int VersionsOfEach = 4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EventsInAnyOrderAndNumberOnTwoHostsGiveOneResult()
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await storage.TriggerQueue.CreateIfNotExistsAsync(cancellationToken: Token);
        await using FaultProxy proxy = await FaultProxy.StartAsync(azurite.ConnectionString, storage.Results.Name, _ => ValueTask.FromResult(StorageFault.None));
        await using ServiceProvider one = storage.Pipeline(proxy.ConnectionString);
        await using ServiceProvider two = storage.Pipeline(proxy.ConnectionString);
        UploadTagger[] hosts = [one.GetRequiredService<UploadTagger>(), two.GetRequiredService<UploadTagger>()];

        // Each version's event goes twice or three times, at once and late, to either host, while the next version is uploaded.
        await Parallel.ForEachAsync(Enumerable.Range(0, Names), new ParallelOptions { MaxDegreeOfParallelism = Names, CancellationToken = Token }, async (i, token) =>
        {
            Random random = new(HashCode.Combine(Storm.Seed, i));
            List<Task> events = [];
            for (int version = 0; version < VersionsOfEach; version++)
            {
                // Now and then the same bytes again.
                UploadEvent upload = await storage.UploadAsync($"{i}.jpg", random.Next(3) == 0 ? i : random.Next(Gallery.Count), token);
                for (int times = random.Next(2, 4); times > 0; times--)
                {
                    int wait = random.Next(2) * random.Next(400);
                    UploadTagger host = hosts[random.Next(2)];
                    events.Add(Task.Run(
                        async () =>
                        {
                            await Task.Delay(wait, token);
                            for (int tries = 1; ; tries++)
                            {
                                try
                                {
                                    await host.TagAsync(upload, token);
                                    return;
                                }
                                catch (InvalidOperationException) when (tries < 5)
                                {
                                    // Others wrote in between, again and again: the event comes again.
                                }
                            }
                        },
                        token));
                }

                await Task.Delay(random.Next(60), token);
            }

            await Task.WhenAll(events);
        });

        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, proxy, 1, Token);
        Assert.True(verdict.IsPerfect, $"seed {Storm.Seed}: {verdict}\n{string.Join('\n', verdict.Wrong)}");
        Assert.Equal(Names, verdict.Tagged + verdict.Failed);
    }
}
