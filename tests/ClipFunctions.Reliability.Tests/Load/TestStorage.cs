using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using ClipFunctions.LocalHost.BlobTrigger;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Poison;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>The containers of one test, asked directly, whatever the hosts go through; and what was uploaded into them.</summary>
internal sealed class TestStorage : IAsyncDisposable
{
    private const string FunctionId = "Host.Functions." + BlobTriggerOptions.FunctionName;

    private readonly string _id = $"t{Guid.NewGuid():n}"[..20];
    private readonly ServiceProvider _services;

    public TestStorage(string connection)
    {
        Connection = connection;
        BlobServiceClient blobs = new(connection);
        Uploads = blobs.GetBlobContainerClient(_id + "-u");
        Results = blobs.GetBlobContainerClient(_id + "-r");
        Embeddings = blobs.GetBlobContainerClient(_id + "-e");
        Models = blobs.GetBlobContainerClient(_id + "-m");
        Datasets = blobs.GetBlobContainerClient(_id + "-d");
        TriggerQueue = new QueueClient(connection, PoisonQueues.BlobTriggerPrefix + _id, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        _services = Pipeline(connection);
    }

    /// <summary>Azurite's own connection string.</summary>
    public string Connection { get; }

    public BlobContainerClient Uploads { get; }

    public BlobContainerClient Results { get; }

    public BlobContainerClient Embeddings { get; }

    public BlobContainerClient Models { get; }

    public BlobContainerClient Datasets { get; }

    public QueueClient TriggerQueue { get; }

    /// <summary>What each upload's present version is: a picture's number.</summary>
    public ConcurrentDictionary<string, int> Present { get; } = new(StringComparer.Ordinal);

    /// <summary>Every version that was uploaded.</summary>
    public ConcurrentQueue<UploadEvent> Versions { get; } = new();

    /// <summary>The records.</summary>
    public ResultStore Records => _services.GetRequiredService<ResultStore>();

    /// <summary>A host's arguments.</summary>
    /// <param name="connection">How it reaches storage; directly if null.</param>
    public IReadOnlyList<string> Arguments(string? connection = null) =>
    [
        .. Settings(connection ?? Connection).Select(setting => $"--{setting.Key}={setting.Value}"),
        $"--LocalHost:BlobTrigger:HostId={_id}",
        "--LocalHost:BlobTrigger:Visibility=00:00:04",
        "--LocalHost:BlobTrigger:RetryDelay=00:00:00.2",
    ];

    /// <summary>The pipeline as a host builds it.</summary>
    /// <param name="connection">How it reaches storage.</param>
    /// <param name="change">Further services and settings.</param>
    public ServiceProvider Pipeline(string connection, Action<IServiceCollection, Dictionary<string, string?>>? change = null)
    {
        Dictionary<string, string?> settings = Settings(connection);
        ServiceCollection services = [];
        change?.Invoke(services, settings);
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        return services.AddSingleton(configuration).AddLogging().AddClipPipeline().BuildServiceProvider();
    }

    /// <summary>Creates what hosts create at their start.</summary>
    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        foreach (BlobContainerClient container in (BlobContainerClient[])[Uploads, Results, Embeddings])
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }
    }

    /// <summary>Uploads a picture, again and again until storage says that it is there.</summary>
    /// <returns>The event that follows.</returns>
    public async Task<UploadEvent> UploadAsync(string name, int number, CancellationToken cancellationToken)
    {
        UploadEvent upload = await UntilDoneAsync(
            async () => new UploadEvent(name, (await Uploads.GetBlobClient(name).UploadAsync(new BinaryData(Gallery.File(number)), overwrite: true, cancellationToken)).Value.ETag),
            cancellationToken);
        Present[name] = number;
        Versions.Enqueue(upload);
        return upload;
    }

    /// <summary>Deletes an upload, again and again until storage says that it is gone.</summary>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await UntilDoneAsync(async () => (await Uploads.GetBlobClient(name).DeleteIfExistsAsync(cancellationToken: cancellationToken)).Value, cancellationToken);
        Present.TryRemove(name, out _);
    }

    /// <summary>Puts an event into the hosts' queue, as their scan does.</summary>
    public Task SendAsync(UploadEvent upload, CancellationToken cancellationToken) => UntilDoneAsync(
        async () => (await TriggerQueue.SendMessageAsync(
            new BlobTriggerMessage(FunctionId, "BlockBlob", Uploads.Name, upload.Name, upload.ETag!.Value.ToString("G")).ToJson(),
            timeToLive: TimeSpan.FromSeconds(-1),
            cancellationToken: cancellationToken)).Value.MessageId,
        cancellationToken);

    /// <summary>The messages in the queue, hidden ones too.</summary>
    public async Task<int> QueuedAsync(CancellationToken cancellationToken) =>
        (await TriggerQueue.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;

    /// <summary>The uploads as they stand, with their tags.</summary>
    public async Task<Dictionary<string, BlobItem>> ListAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, BlobItem> listed = new(StringComparer.Ordinal);
        await foreach (BlobItem blob in Uploads.GetBlobsAsync(new GetBlobsOptions { Traits = BlobTraits.Tags }, cancellationToken))
        {
            listed.Add(blob.Name, blob);
        }

        return listed;
    }

    /// <summary>The messages about this test's uploads that were given up.</summary>
    public async Task<IReadOnlyList<PoisonMessage>> PoisonedAsync(CancellationToken cancellationToken)
    {
        PoisonListing listing = await Poison().ListAsync(PoisonQueues.BlobTriggerPoison, cancellationToken);
        return [.. listing.Messages.Where(message => message.Body.Contains($"\"{Uploads.Name}\"", StringComparison.Ordinal))];
    }

    /// <summary>What <c>clip poison replay</c> does, with this test's messages.</summary>
    public async Task<int> ReplayAsync(CancellationToken cancellationToken)
    {
        string[] ids = [.. (await PoisonedAsync(cancellationToken)).Select(message => message.Id)];
        if (ids.Length == 0)
        {
            return 0;
        }

        IReadOnlyList<ReplayedMessage> replayed = await Poison().ReplayAsync(PoisonQueues.BlobTriggerPoison, ids, _id, dryRun: false, cancellationToken);
        Assert.All(replayed, message => Assert.Null(message.Problem));
        return replayed.Count;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static async Task<T> UntilDoneAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await action();
            }
            catch (Exception exception) when (exception is RequestFailedException { Status: 0 or 404 or >= 500 } or AggregateException or IOException)
            {
                await Task.Delay(200, cancellationToken);
            }
        }
    }

    private PoisonQueues Poison()
    {
        StorageConnection storage = _services.GetRequiredService<StorageConnection>();
        return new PoisonQueues(storage, storage, _services.GetRequiredService<StorageLayout>(), Records, _services.GetRequiredService<EvaluationStore>(), _services.GetRequiredService<EvaluationQueues>());
    }

    private Dictionary<string, string?> Settings(string connection) => new()
    {
        [ClipPipelineServices.StorageSetting] = connection,
        ["AzureWebJobsStorage"] = connection,
        ["Storage:Uploads"] = Uploads.Name,
        ["Storage:Results"] = Results.Name,
        ["Storage:Embeddings"] = Embeddings.Name,
        ["Storage:Models"] = Models.Name,
        ["Storage:Datasets"] = Datasets.Name,
        ["Storage:Evaluations"] = _id + "-v",
        ["Storage:EvaluationQueue"] = _id + "-qv",
        ["Storage:ShardQueue"] = _id + "-qs",
        ["Storage:FitQueue"] = _id + "-qf",
    };
}
