using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Pipeline.Tests;

/// <summary>The pipeline as a host builds it, on containers of its own.</summary>
internal sealed class TestPipeline : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly StorageLayout _layout;
    private readonly StorageConnection _storage;

    private TestPipeline(ServiceProvider services)
    {
        _services = services;
        _layout = services.GetRequiredService<StorageLayout>();
        _storage = services.GetRequiredService<StorageConnection>();
    }

    public IServiceProvider Services => _services;

    public StorageLayout Layout => _layout;

    public ModelCache Models => _services.GetRequiredService<ModelCache>();

    public UploadTagger Tagger => _services.GetRequiredService<UploadTagger>();

    public ResultStore Results => _services.GetRequiredService<ResultStore>();

    public BlobContainerClient Uploads => _storage.Blobs.GetBlobContainerClient(_layout.Uploads);

    public BlobContainerClient Embeddings => _storage.Blobs.GetBlobContainerClient(_layout.Embeddings);

    public BlobContainerClient ResultBlobs => _storage.Blobs.GetBlobContainerClient(_layout.Results);

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public BlobContainerClient Blobs(string container) => _storage.Blobs.GetBlobContainerClient(container);

    public QueueClient Queue(string name) => _storage.Queues.GetQueueClient(name);

    /// <param name="azurite">Where the containers are made.</param>
    /// <param name="containers">What the containers' names begin with; given, if two pipelines are to share them.</param>
    /// <param name="settings">Further settings.</param>
    public static Task<TestPipeline> CreateAsync(AzuriteServer azurite, string? containers = null, params (string Key, string Value)[] settings) =>
        CreateAsync(azurite, [], containers, settings);

    /// <param name="azurite">Where the containers are made.</param>
    /// <param name="catalog">The models that can be fetched.</param>
    /// <param name="containers">What the containers' names begin with; given, if two pipelines are to share them.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<TestPipeline> CreateAsync(AzuriteServer azurite, IReadOnlyList<CatalogEntry> catalog, string? containers = null, params (string Key, string Value)[] settings)
    {
        containers ??= $"t{Guid.NewGuid():n}";
        Dictionary<string, string?> values = new()
        {
            [ClipPipelineServices.StorageSetting] = azurite.ConnectionString,
            ["Storage:Uploads"] = containers + "-u",
            ["Storage:Results"] = containers + "-r",
            ["Storage:Embeddings"] = containers + "-e",
            ["Storage:Models"] = containers + "-m",
            ["Storage:Datasets"] = containers + "-d",
            ["Storage:Evaluations"] = containers + "-v",
            ["Storage:EvaluationQueue"] = containers + "-qv",
            ["Storage:ShardQueue"] = containers + "-qs",
            ["Storage:FitQueue"] = containers + "-qf",
        };
        foreach ((string key, string value) in settings)
        {
            values[key] = value;
        }

        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        ServiceProvider services = new ServiceCollection()
            .AddSingleton(configuration)
            .AddSingleton(ModelCatalog.Of(catalog))
            .AddLogging()
            .AddClipPipeline()
            .BuildServiceProvider();
        TestPipeline pipeline = new(services);
        foreach (string container in pipeline._layout.Containers)
        {
            await pipeline._storage.Blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        }

        return pipeline;
    }

    /// <summary>Uploads a picture and gives the event that follows.</summary>
    public async Task<UploadEvent> UploadAsync(string name, byte[] content, IDictionary<string, string>? tags = null)
    {
        BlobContentInfo info = await Uploads.GetBlobClient(name).UploadAsync(
            new BinaryData(content),
            new BlobUploadOptions { Tags = tags },
            TestContext.Current.CancellationToken);
        return new UploadEvent(name, info.ETag);
    }

    public Task<UploadReport> TagAsync(UploadEvent upload) => Tagger.TagAsync(upload, TestContext.Current.CancellationToken);

    public async Task<IDictionary<string, string>> TagsAsync(string name) =>
        (await Uploads.GetBlobClient(name).GetTagsAsync(cancellationToken: TestContext.Current.CancellationToken)).Value.Tags;

    public async Task<UploadResult?> ResultAsync(string name) =>
        (await Results.ReadAsync(name, TestContext.Current.CancellationToken)).Result;

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
