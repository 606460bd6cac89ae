using Azure.Storage.Blobs.Models;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>The oracle sees what it is there to see.</summary>
public sealed class OracleTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SeesWhatIsLostDoubledOrWrong()
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await storage.TriggerQueue.CreateIfNotExistsAsync(cancellationToken: Token);
        await using FaultProxy proxy = await FaultProxy.StartAsync(azurite.ConnectionString, storage.Results.Name, _ => ValueTask.FromResult(StorageFault.None));
        await using ServiceProvider services = storage.Pipeline(proxy.ConnectionString);
        foreach (string name in (string[])["sound", "lost", "old", "vector", "label", "tags", "doubled", "unseen", "bad"])
        {
            UploadEvent upload = await storage.UploadAsync(name, name == "bad" ? 15 : 1, Token);
            if (name != "lost")
            {
                await services.GetRequiredService<UploadTagger>().TagAsync(upload, Token);
            }
        }

        Assert.Equal(["lost"], (await LookAsync(storage, proxy)).Lost);
        await storage.UploadAsync("old", 2, Token);
        storage.Present["label"] = 2;
        await storage.Uploads.GetBlobClient("tags").SetTagsAsync(new Dictionary<string, string> { ["clip_state"] = "tagged" }, cancellationToken: Token);
        BlobDownloadResult embedding = await storage.Embeddings.GetBlobClient("vector.npy").DownloadContentAsync(Token);
        byte[] bytes = embedding.Content.ToArray();
        bytes[^2] ^= 1;
        await storage.Embeddings.GetBlobClient("vector.npy").UploadAsync(new BinaryData(bytes), overwrite: true, Token);
        BinaryData record = (await storage.Results.GetBlobClient("doubled.json").DownloadContentAsync(Token)).Value.Content;
        await services.GetRequiredService<Pipeline.Storage.StorageConnection>().Blobs
            .GetBlobContainerClient(storage.Results.Name).GetBlobClient("doubled.json").UploadAsync(record, overwrite: true, Token);
        BinaryData unseen = (await storage.Results.GetBlobClient("unseen.json").DownloadContentAsync(Token)).Value.Content;
        await storage.Results.GetBlobClient("unseen.json").UploadAsync(unseen, overwrite: true, Token);

        Verdict verdict = await LookAsync(storage, proxy);

        Assert.Equal(["lost", "old"], verdict.Lost.Order(StringComparer.Ordinal));
        Assert.Equal("doubled", Assert.Single(verdict.Doubled).Split(' ')[0]);
        Assert.Equal(["label", "tags", "unseen", "vector"], verdict.Wrong.Select(wrong => wrong.Split(':')[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.False(verdict.IsPerfect);
    }

    private static async Task<Verdict> LookAsync(TestStorage storage, FaultProxy proxy) => (await Oracle.JudgeAsync(storage, proxy, 0, Token)).Verdict;
}
