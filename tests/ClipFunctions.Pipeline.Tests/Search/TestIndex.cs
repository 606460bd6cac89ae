using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Pipeline.Search;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ClipFunctions.Pipeline.Tests.Search;

/// <summary>An index on a pipeline's containers, with a clock that the test turns.</summary>
internal sealed class TestIndex : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private TestIndex(TestPipeline pipeline, SearchOptions options)
    {
        Pipeline = pipeline;
        Index = ActivatorUtilities.CreateInstance<EmbeddingIndex>(pipeline.Services, Clock, Options.Create(options));
        Refreshes = new IndexRefreshes(pipeline.Services);
    }

    public TestPipeline Pipeline { get; }

    public FakeTimeProvider Clock { get; } = new();

    public EmbeddingIndex Index { get; }

    public IndexRefreshes Refreshes { get; }

    public static async Task<TestIndex> CreateAsync(AzuriteServer azurite, SearchOptions? options = null, string? containers = null, params (string Key, string Value)[] settings) =>
        new(await TestPipeline.CreateAsync(azurite, containers, settings), options ?? new SearchOptions());

    /// <summary>Another index on the same containers, which has read nothing yet.</summary>
    public TestIndex Another(SearchOptions? options = null) => new(Pipeline, options ?? new SearchOptions());

    /// <summary>The index as it is when the time has come to look at the records again.</summary>
    public async Task<IndexSnapshot> NextAsync()
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        return await Index.GetAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Uploads and tags a picture.</summary>
    public async Task<UploadResult> TagAsync(string name, byte[] picture) =>
        (await Pipeline.TagAsync(await Pipeline.UploadAsync(name, picture))).Result!;

    /// <summary>Writes a record and its embedding without a picture.</summary>
    public async Task<UploadResult> WriteAsync(string name, float[] vector, string fingerprint = "f", DateTimeOffset time = default, Func<UploadResult, UploadResult>? change = null)
    {
        ETag etag = await PutAsync(Pipeline.Embeddings.Name, StorageLayout.EmbeddingName(name), NpyFormat.Write(vector));
        UploadResult result = new()
        {
            State = UploadState.Tagged,
            Source = new UploadSource(Pipeline.Uploads.Name, name, "\"0x1\"", 1, null),
            Model = new UploadModel("demo", fingerprint, ModelPrecision.Fp32, "cpu"),
            LabelSet = new UploadLabelSet("s", "1"),
            Labels = [new UploadLabel("cat", 0, 0.5f, 1)],
            Embedding = new UploadEmbedding(Pipeline.Embeddings.Name, StorageLayout.EmbeddingName(name), etag.ToString("G"), vector.Length),
            Timings = new UploadTimings(0, 0, 0, 0, 0),
            Time = time,
        };
        result = change?.Invoke(result) ?? result;
        await PutAsync(Pipeline.ResultBlobs.Name, StorageLayout.ResultName(name), JsonSerializer.SerializeToUtf8Bytes(result, Json));
        return result;
    }

    /// <summary>Writes any blob.</summary>
    public async Task<ETag> PutAsync(string container, string name, byte[] content)
    {
        StorageConnection storage = Pipeline.Services.GetRequiredService<StorageConnection>();
        BlobContentInfo info = await storage.Blobs.GetBlobContainerClient(container).GetBlobClient(name)
            .UploadAsync(new BinaryData(content), overwrite: true, TestContext.Current.CancellationToken);
        return info.ETag;
    }

    /// <summary>What stands in an embedding's blob.</summary>
    public async Task<float[]> EmbeddingAsync(string name)
    {
        BlobDownloadResult download = await Pipeline.Embeddings.GetBlobClient(StorageLayout.EmbeddingName(name)).DownloadContentAsync(TestContext.Current.CancellationToken);
        return NpyFormat.Read(download.Content)[0].ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await Index.DisposeAsync();
        Refreshes.Dispose();
        await Pipeline.DisposeAsync();
    }
}
