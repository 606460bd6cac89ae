using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using ClipFunctions.FunctionsTestHost;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Testing;

namespace ClipFunctions.App.Tests.Worker;

/// <summary>A step that takes its process down at every try.</summary>
public sealed class DyingStepTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FailsItsRunAndLeavesItsMessageInThePoisonQueue()
    {
        // Its own: another test's host would take the step and finish it.
        await using AzuriteServer azurite = new();
        await azurite.InitializeAsync();
        StorageLayout layout = new();
        BlobContainerClient datasets = new(azurite.ConnectionString, layout.Datasets);
        await datasets.CreateIfNotExistsAsync(cancellationToken: Token);
        foreach ((string name, byte[] content) in TestDatasets.Folder(TestDatasets.SampledClasses, trainPerClass: 2, testPerClass: 1))
        {
            await datasets.GetBlobClient($"deadly/{name}").UploadAsync(new BinaryData(content), overwrite: true, Token);
        }

        await using FunctionsHost host = await FunctionsHost.StartAsync(azurite.ConnectionString, RunningApp.Settings);
        host.Invoking = function =>
        {
            if (function == FunctionNames.ExtractShard)
            {
                host.KillWorker();
            }
        };
        QueueClientOptions base64 = new() { MessageEncoding = QueueMessageEncoding.Base64 };
        QueueClient queue = new(azurite.ConnectionString, layout.EvaluationQueue, base64);
        await queue.CreateIfNotExistsAsync(cancellationToken: Token);
        await queue.SendMessageAsync(new BinaryData(Encoding.UTF8.GetBytes("""{"runId":"deadly","dataset":"deadly","kind":"zero-shot"}""")), cancellationToken: Token);

        // Two tries, two deaths, and a third worker that finds the message where the host has put it.
        BlobClient blob = new(azurite.ConnectionString, layout.Evaluations, "deadly/status.json");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        JsonElement status = default;
        while (status.ValueKind == JsonValueKind.Undefined || status.GetProperty("state").GetString() != "failed")
        {
            try
            {
                await Task.Delay(200, limit.Token);
                if (await blob.ExistsAsync(limit.Token))
                {
                    status = JsonSerializer.Deserialize<JsonElement>((await blob.DownloadContentAsync(limit.Token)).Value.Content);
                }
            }
            catch (OperationCanceledException) when (!Token.IsCancellationRequested)
            {
                Assert.Fail($"The run is not failed within two minutes: {status}\n{host.Output}");
            }
        }

        Assert.Equal("GaveUp", status.GetProperty("failure").GetProperty("code").GetString());
        Assert.Equal(3, host.Starts);
        QueueClient poison = new(azurite.ConnectionString, layout.ShardQueue + EvaluationQueues.PoisonSuffix, base64);
        Assert.Contains((await poison.PeekMessagesAsync(32, Token)).Value, message => message.Body.ToString().Contains("deadly", StringComparison.Ordinal));
    }
}
