using System.Diagnostics;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Evaluations;

public sealed class EvaluationKillTests(AzuriteServer azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string[] Own = ["runId", "created", "timings"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AKilledHostAndAShardThatComesTwiceLeaveTheReportAsItIs()
    {
        HostContainers containers = new(azurite);
        string[] arguments =
        [
            .. containers.Arguments,
            "--Clip:Evaluations:MinShardPictures=16", "--Clip:Evaluations:MaxShardPictures=16", "--Clip:Evaluations:BatchSize=8",
            "--LocalHost:Evaluations:Visibility=00:00:02",
        ];
        await containers.Datasets.CreateIfNotExistsAsync(cancellationToken: Token);
        foreach ((string name, byte[] content) in TestDatasets.Folder(TestDatasets.SampledClasses, 40, 10))
        {
            byte[] bytes = name.EndsWith("/0007.png", StringComparison.Ordinal) ? content[..(content.Length / 3)] : content;
            await containers.Datasets.GetBlobClient("drawn/" + name).UploadAsync(new BinaryData(bytes), Token);
        }

        string undisturbed;
        await using (LocalHostProcess host = await LocalHostProcess.StartAsync(arguments))
        {
            await SendAsync(containers, "alone");
            undisturbed = await ReportAsync(containers, "alone", host);
        }

        await foreach (BlobItem blob in containers.Evaluations.GetBlobsAsync(new GetBlobsOptions { Prefix = ".features/" }, Token))
        {
            await containers.Evaluations.DeleteBlobAsync(blob.Name, cancellationToken: Token);
        }

        await using LocalHostProcess victim = await LocalHostProcess.StartAsync(arguments);
        await using LocalHostProcess survivor = await LocalHostProcess.StartAsync(arguments);
        await SendAsync(containers, "disturbed");
        int done = await KillAmidAsync(containers, victim);
        string disturbed = await ReportAsync(containers, "disturbed", survivor);

        Assert.True(done > 0);
        Assert.Equal(undisturbed, disturbed);
        Assert.Equal(10, (int)JsonNode.Parse(disturbed)!["dataset"]!["faults"]!["total"]!);
    }

    private static async Task SendAsync(HostContainers containers, string runId)
    {
        QueueClient queue = containers.EvaluationQueue;
        await queue.CreateIfNotExistsAsync(cancellationToken: Token);
        await queue.SendMessageAsync($$"""{"runId":"{{runId}}","dataset":"drawn","C":0.316}""", Token);
    }

    /// <summary>Sends a waiting shard's message once more, then kills the host when a shard is there.</summary>
    private static async Task<int> KillAmidAsync(HostContainers containers, LocalHostProcess victim)
    {
        bool twice = false;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Patience)
        {
            if (!twice && await containers.ShardQueue.ExistsAsync(Token) && (await containers.ShardQueue.PeekMessageAsync(Token)).Value is PeekedMessage message)
            {
                await containers.ShardQueue.SendMessageAsync(message.Body, cancellationToken: Token);
                twice = true;
            }

            int done = 0;
            await foreach (BlobItem blob in containers.Evaluations.GetBlobsAsync(new GetBlobsOptions { Prefix = ".features/" }, Token))
            {
                done += blob.Name.EndsWith(".npy", StringComparison.Ordinal) ? 1 : 0;
            }

            if (done > 0)
            {
                await victim.KillAsync();
                return done;
            }

            await Task.Delay(10, Token);
        }

        Assert.Fail("No shard was done.");
        return 0;
    }

    /// <summary>A run's report without times and ids.</summary>
    private static async Task<string> ReportAsync(HostContainers containers, string runId, LocalHostProcess host)
    {
        BlobClient status = containers.Evaluations.GetBlobClient($"{runId}/status.json");
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            string? state = await status.ExistsAsync(Token) ? (string?)JsonNode.Parse((await status.DownloadContentAsync(Token)).Value.Content)!["state"] : null;
            if (state == "done")
            {
                break;
            }

            Assert.True(state != "failed" && Stopwatch.GetElapsedTime(start) < Patience, $"The run is {state}:\n{host.Output}");
            await Task.Delay(50, Token);
        }

        JsonObject report = JsonNode.Parse((await containers.Evaluations.GetBlobClient($"{runId}/report.json").DownloadContentAsync(Token)).Value.Content)!.AsObject();
        foreach (string own in Own)
        {
            Assert.True(report.Remove(own));
        }

        return report.ToJsonString();
    }
}
