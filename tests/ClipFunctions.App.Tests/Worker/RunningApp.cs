using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using ClipFunctions.FunctionsTestHost;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.App.Tests.Worker;

/// <summary>The built app under the tests' Functions host, on an Azurite of its own: its triggers know one set of containers.</summary>
public sealed class RunningApp : IAsyncLifetime
{
    private readonly AzuriteServer _azurite = new();

    public FunctionsHost Host { get; private set; } = null!;

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    public BlobServiceClient Blobs { get; private set; } = null!;

    public StorageLayout Layout { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await _azurite.InitializeAsync();
        Blobs = new BlobServiceClient(_azurite.ConnectionString);
        Host = await FunctionsHost.StartAsync(_azurite.ConnectionString, Settings);
        Http.BaseAddress = Host.Address;
    }

    /// <summary>Two tries a message, so that giving up takes few starts of the worker; small shards.</summary>
    public static IEnumerable<(string Key, string Value)> Settings =>
    [
        ("AzureWebJobs.TagUploadOnScan.Disabled", "true"),
        ("AzureWebJobs.TagUploadOnEvent.Disabled", "false"),
        ("AzureFunctionsJobHost__extensions__queues__maxDequeueCount", "2"),
        ("Clip__Schedule__0__Dataset", "scheduled"),
        ("Clip__Schedule__0__C", "1"),
    ];

    public BlobContainerClient Container(string name) => Blobs.GetBlobContainerClient(name);

    public QueueClient Queue(string name) => new(_azurite.ConnectionString, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    public async Task<UploadResult> ResultAsync(string upload) => JsonSerializer.Deserialize<UploadResult>(
        (await Container(Layout.Results).GetBlobClient(StorageLayout.ResultName(upload)).DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content,
        JsonSerializerOptions.Web)!;

    /// <summary>Waits, within bounds, until a run is over.</summary>
    public async Task<JsonElement> UntilOverAsync(string runId)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        while (true)
        {
            using HttpResponseMessage response = await Http.GetAsync($"api/evaluations/{runId}", limit.Token);
            if (response.IsSuccessStatusCode)
            {
                JsonElement status = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(limit.Token));
                if (status.GetProperty("state").GetString() is "done" or "failed" or "cancelled")
                {
                    return status;
                }
            }

            try
            {
                await Task.Delay(100, limit.Token);
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                Assert.Fail($"Run {runId} is not over within two minutes. The worker said:\n{Host.Output}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (Host is not null)
        {
            await Host.DisposeAsync();
        }

        await _azurite.DisposeAsync();
    }
}
