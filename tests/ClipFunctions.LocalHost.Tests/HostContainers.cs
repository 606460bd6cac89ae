using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests;

/// <summary>The containers of one test, and the arguments that point a host at them.</summary>
internal sealed class HostContainers
{
    private readonly string _id = $"t{Guid.NewGuid():n}"[..20];
    private readonly string _connection;

    public HostContainers(AzuriteServer azurite)
        : this(azurite, null, null, null)
    {
    }

    public HostContainers(AzuriteServer azurite, string? uploads, string? results, string? embeddings)
    {
        _connection = azurite.ConnectionString;
        BlobServiceClient blobs = new(_connection);
        Uploads = blobs.GetBlobContainerClient(uploads ?? _id + "-u");
        Results = blobs.GetBlobContainerClient(results ?? _id + "-r");
        Embeddings = blobs.GetBlobContainerClient(embeddings ?? _id + "-e");
        Datasets = blobs.GetBlobContainerClient(_id + "-d");
        Evaluations = blobs.GetBlobContainerClient(_id + "-v");
        TriggerQueue = new QueueClient(_connection, $"azure-webjobs-blobtrigger-{_id}");
        PoisonQueue = new QueueClient(_connection, "webjobs-blobtrigger-poison", new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
    }

    public BlobContainerClient Uploads { get; }

    public BlobContainerClient Results { get; }

    public BlobContainerClient Embeddings { get; }

    public BlobContainerClient Datasets { get; }

    public BlobContainerClient Evaluations { get; }

    public QueueClient TriggerQueue { get; }

    public QueueClient PoisonQueue { get; }

    public QueueClient EvaluationQueue => new(_connection, _id + "-qv");

    public QueueClient ShardQueue => new(_connection, _id + "-qs");

    public IReadOnlyList<string> Arguments =>
    [
        $"--ClipStorage={_connection}",
        $"--AzureWebJobsStorage={_connection}",
        $"--Storage:Uploads={Uploads.Name}",
        $"--Storage:Results={Results.Name}",
        $"--Storage:Embeddings={Embeddings.Name}",
        $"--Storage:Datasets={_id}-d",
        $"--Storage:Evaluations={Evaluations.Name}",
        $"--Storage:EvaluationQueue={_id}-qv",
        $"--Storage:ShardQueue={_id}-qs",
        $"--Storage:FitQueue={_id}-qf",
        $"--LocalHost:BlobTrigger:HostId={_id}",
        "--LocalHost:BlobTrigger:Visibility=00:00:05",
        "--LocalHost:BlobTrigger:RetryDelay=00:00:00.1",
    ];

    public async Task<ETag> UploadAsync(string name, byte[] content)
    {
        await Uploads.CreateIfNotExistsAsync(cancellationToken: TestContext.Current.CancellationToken);
        Response<BlobContentInfo> info = await Uploads.GetBlobClient(name).UploadAsync(new BinaryData(content), overwrite: true, TestContext.Current.CancellationToken);
        return info.Value.ETag;
    }

    public async Task<UploadResult?> ResultAsync(string name)
    {
        BlobClient blob = Results.GetBlobClient(name + ".json");
        if (!await Results.ExistsAsync(TestContext.Current.CancellationToken) || !await blob.ExistsAsync(TestContext.Current.CancellationToken))
        {
            return null;
        }

        BlobDownloadResult download = await blob.DownloadContentAsync(TestContext.Current.CancellationToken);
        return JsonSerializer.Deserialize<UploadResult>(download.Content, JsonSerializerOptions.Web);
    }

    /// <summary>Names and tags of the uploads that bear a state.</summary>
    public async Task<Dictionary<string, IDictionary<string, string>>> TaggedAsync()
    {
        Dictionary<string, IDictionary<string, string>> tagged = new(StringComparer.Ordinal);
        await foreach (BlobItem blob in Uploads.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Tags }, TestContext.Current.CancellationToken))
        {
            if (blob.Tags?.ContainsKey(UploadTags.State) == true)
            {
                tagged.Add(blob.Name, blob.Tags);
            }
        }

        return tagged;
    }

    /// <summary>Waits, within bounds, until so many uploads bear a state.</summary>
    public async Task UntilTaggedAsync(int count, LocalHostProcess host, int seconds = 120)
    {
        await UntilAsync(async () => (await TaggedAsync()).Count >= count, host, seconds);
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, LocalHostProcess host, int seconds = 120)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        while (!await condition())
        {
            try
            {
                await Task.Delay(50, limit.Token);
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                Assert.Fail($"Not within {seconds} s. The host said:\n{host.Output}");
            }
        }
    }
}
