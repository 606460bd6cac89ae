using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Testing;
using Microsoft.Extensions.Configuration;

namespace ClipFunctions.EndToEnd.Tests;

/// <summary>
/// A running host and its storage, all that the tests know of it. One that is given by <c>CLIP_E2E_URL</c> (with <c>CLIP_E2E_STORAGE</c>, in the forms of
/// <see cref="StorageConnection"/>, and <c>CLIP_E2E_KEY</c> where it asks for one) stands in for the one that would be started.
/// </summary>
public abstract class HostUnderTest : IAsyncLifetime
{
    private const string UrlVariable = "CLIP_E2E_URL";
    private const string StorageVariable = "CLIP_E2E_STORAGE";
    private const string KeyVariable = "CLIP_E2E_KEY";

    private readonly AzuriteServer _azurite = new();
    private StorageConnection? _storage;

    /// <summary>Whether a host is given.</summary>
    public static bool IsGiven => Environment.GetEnvironmentVariable(UrlVariable) is { Length: > 0 };

    /// <summary>How long anything may take: a given host may have to start first.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(IsGiven ? 10 : 2);

    /// <summary>What all names of this run begin with.</summary>
    public string Prefix { get; } = $"e2e-{Guid.NewGuid():n}"[..16];

    /// <summary>Sends requests to the host.</summary>
    public HttpClient Http { get; } = new() { Timeout = Patience };

    /// <summary>The containers' names.</summary>
    public StorageLayout Layout { get; } = new();

    /// <summary>What the host has printed, where that is known.</summary>
    public abstract string Output { get; }

    private StorageConnection Storage => _storage ?? throw new InvalidOperationException("Not started.");

    /// <summary>A container of the host's.</summary>
    public BlobContainerClient Container(string name) => Storage.Blobs.GetBlobContainerClient(name);

    /// <summary>A queue of the host's.</summary>
    public QueueClient Queue(string name) => Storage.Queues.GetQueueClient(name);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (IsGiven)
        {
            string url = Environment.GetEnvironmentVariable(UrlVariable)!;
            Http.BaseAddress = new Uri(url.EndsWith('/') ? url : url + "/");
            if (Environment.GetEnvironmentVariable(KeyVariable) is { Length: > 0 } key)
            {
                Http.DefaultRequestHeaders.Add(HttpGateway.KeyHeader, key);
            }

            _storage = StorageConnection.FromConfiguration(new ConfigurationBuilder().AddEnvironmentVariables().Build(), StorageVariable);
        }
        else
        {
            await _azurite.InitializeAsync();
            _storage = StorageConnection.FromConfiguration(
                new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(StorageVariable, (string?)_azurite.ConnectionString)]).Build(), StorageVariable);
            Http.BaseAddress = await StartAsync(_azurite.ConnectionString);
        }
    }

    /// <summary>Waits, within bounds, until something is so.</summary>
    public async Task UntilAsync(string what, Func<CancellationToken, Task<bool>> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            while (!await condition(limit.Token))
            {
                await Task.Delay(IsGiven ? 1000 : 100, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"Not within {Patience.TotalMinutes} min: {what}\n{Output}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_storage is not null && IsGiven)
        {
            await CleanAsync();
        }

        Http.Dispose();
        await StopAsync();
        await _azurite.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts a host.</summary>
    /// <param name="connection">Its storage account.</param>
    /// <returns>Its address.</returns>
    protected abstract Task<Uri> StartAsync(string connection);

    /// <summary>Ends it.</summary>
    protected abstract Task StopAsync();

    // Somebody else's account is left as it was found.
    private async Task CleanAsync()
    {
        foreach (string container in (string[])[Layout.Uploads, Layout.Results, Layout.Embeddings, Layout.Datasets, Layout.Evaluations])
        {
            await foreach (BlobItem blob in Container(container).GetBlobsAsync(new GetBlobsOptions { Prefix = Prefix }, CancellationToken.None))
            {
                await Container(container).DeleteBlobIfExistsAsync(blob.Name);
            }
        }
    }
}
