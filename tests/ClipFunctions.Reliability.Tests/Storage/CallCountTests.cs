using System.Collections.Concurrent;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Reliability.Tests.Storage;

/// <summary>Storage calls cost money and time: an upload makes those that docs/architecture.md lists, and no other.</summary>
public sealed class CallCountTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ANewPictureTakesSixCallsAndASecondEventOfItThree()
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        ConcurrentQueue<string> asked = new();
        await using FaultProxy proxy = await FaultProxy.StartAsync(azurite.ConnectionString, storage.Results.Name, request =>
        {
            asked.Enqueue(StorageCalls.Of(request, storage, "new.jpg") is { } call ? $"{call}" : $"{request.Method} {request.Target}");
            return ValueTask.FromResult(StorageFault.None);
        });
        await using ServiceProvider services = storage.Pipeline(proxy.ConnectionString);
        UploadTagger tagger = services.GetRequiredService<UploadTagger>();
        UploadEvent upload = await storage.UploadAsync("new.jpg", 3, Token);

        await tagger.TagAsync(upload, Token);
        Assert.Equal(
            [nameof(StorageCall.ReadPicture), nameof(StorageCall.ReadRecord), nameof(StorageCall.WriteEmbedding), nameof(StorageCall.WriteRecord), nameof(StorageCall.WriteTags), nameof(StorageCall.LookAgain)],
            [.. asked.Take(2).Order(StringComparer.Ordinal), .. asked.Skip(2)]);

        asked.Clear();
        await tagger.TagAsync(upload, Token);
        Assert.Equal(
            [nameof(StorageCall.ReadPicture), nameof(StorageCall.ReadRecord), $"GET /devstoreaccount1/{storage.Uploads.Name}/new.jpg?comp=tags"],
            [.. asked.Take(2).Order(StringComparer.Ordinal), .. asked.Skip(2)]);
    }
}
