using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Reliability.Tests.Storage;

/// <summary>A worker whose first write failed, while another one on the same version gets through.</summary>
public sealed class RetriedWriteTests(AzuriteServer azurite)
{
    private const string Name = "picture.jpg";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheEmbeddingOfTheSameVersionIsNotTakenFromUnderTheOtherOnesRecord()
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await storage.TriggerQueue.CreateIfNotExistsAsync(cancellationToken: Token);
        UploadEvent? upload = null;
        UploadTagger? other = null;
        int writes = 0;
        int looks = 0;
        await using FaultProxy proxy = await FaultProxy.StartAsync(azurite.ConnectionString, storage.Results.Name, async request =>
        {
            if (upload is not null && request.Target.Contains($"/{storage.Embeddings.Name}/{Name}.npy", StringComparison.Ordinal))
            {
                if (request.Method == "PUT" && Interlocked.Increment(ref writes) == 1)
                {
                    // A late worker's, so that this write fails.
                    await storage.Embeddings.GetBlobClient($"{Name}.npy").UploadAsync(new BinaryData("late"), overwrite: true, Token);
                }
                else if (request.Method == "HEAD" && Interlocked.Increment(ref looks) == 2)
                {
                    // The next try looks at what stands: the other worker is done just before.
                    await other!.TagAsync(upload, Token);
                }
            }

            return StorageFault.None;
        });
        await using ServiceProvider slow = storage.Pipeline(proxy.ConnectionString);
        await using ServiceProvider quick = storage.Pipeline(proxy.ConnectionString);
        other = quick.GetRequiredService<UploadTagger>();
        await other.TagAsync(await storage.UploadAsync(Name, 3, Token), Token);

        UploadEvent later = await storage.UploadAsync(Name, 5, Token);
        upload = later;
        await slow.GetRequiredService<UploadTagger>().TagAsync(later, Token);

        Assert.True(looks >= 2);
        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, proxy, 1, Token);
        Assert.True(verdict.IsPerfect, $"{verdict}\n{string.Join('\n', verdict.Wrong)}");
        Assert.Equal(1, verdict.Tagged);
    }
}
