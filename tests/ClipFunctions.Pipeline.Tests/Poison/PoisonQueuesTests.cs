using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Poison;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Tests.Evaluations;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Poison;

// The blob triggers' poison queue has one name in an account: these tests share it, one after the other.
public sealed class PoisonQueuesTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheListTellsWhatItIsAboutAndWhyWhateverTheMessagesForm()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        PoisonQueues poison = Make(pipeline);
        await pipeline.TagAsync(await pipeline.UploadAsync("broken.jpg", [1, 2, 3]));
        await pipeline.Get<EvaluationRunner>().PlanAsync(new QueueDelivery(new BinaryData("""{"runId":"one","dataset":"nowhere"}"""), "m", false), Token);
        await SendAsync(pipeline, PoisonQueues.BlobTriggerPoison, BlobMessage("broken.jpg"), raw: false);
        await SendAsync(pipeline, pipeline.Layout.ShardQueue + "-poison", """{"runId":"one","shard":3}""", raw: true);
        await SendAsync(pipeline, pipeline.Layout.FitQueue + "-poison", "neither Base64, nor JSON!", raw: true);

        PoisonListing listing = await poison.ListAsync(null, Token);

        PoisonMessage[] messages = [.. listing.Messages];
        Assert.Equal(["one", "one", null, "broken.jpg"], messages.Select(message => message.Subject));
        Assert.StartsWith("InvalidDataset: ", messages[0].Reason, StringComparison.Ordinal);
        Assert.Equal(messages[0].Reason, messages[1].Reason);
        Assert.Null(messages[2].Reason);
        Assert.Equal("neither Base64, nor JSON!", messages[2].Body);
        Assert.StartsWith("UnsupportedFormat: ", messages[3].Reason, StringComparison.Ordinal);
        Assert.Equal(BlobMessage("broken.jpg"), messages[3].Body);
        Assert.All(messages, message => Assert.Null(message.Expires));
        await ClearAsync(pipeline);
    }

    [Fact]
    public async Task TheListShowsMoreThanOneLookCanAndLeavesAllInSight()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        string queue = pipeline.Layout.ShardQueue + "-poison";
        for (int i = 0; i < 40; i++)
        {
            await SendAsync(pipeline, queue, $$"""{"runId":"r","shard":{{i}}}""", raw: true);
        }

        PoisonQueues poison = Make(pipeline);
        Assert.Equal(40, (await poison.ListAsync(queue, Token)).Messages.Count);
        PoisonListing again = await poison.ListAsync(queue, Token);
        Assert.Equal((40, 0), (again.Messages.Select(message => message.Id).Distinct().Count(), again.Hidden));
        Assert.Equal(32, (await pipeline.Get<StorageConnection>().RawQueues.GetQueueClient(queue).PeekMessagesAsync(32, Token)).Value.Length);
    }

    [Fact]
    public async Task ReplayPutsBackWhatIsAskedForAsItIsAndLeavesTheRest()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        PoisonQueues poison = Make(pipeline);
        string queue = pipeline.Layout.FitQueue + "-poison";
        await SendAsync(pipeline, queue, """{"runId":"a"}""", raw: true);
        await SendAsync(pipeline, queue, """{"runId":"b"}""", raw: false);
        PoisonMessage wanted = (await poison.ListAsync(queue, Token)).Messages.Single(message => message.Subject == "b");

        ReplayedMessage dry = Assert.Single(await poison.ReplayAsync(null, [wanted.Id], null, dryRun: true, Token));
        Assert.Equal((pipeline.Layout.FitQueue, "b", null), (dry.Target, dry.Subject, dry.Problem));
        Assert.Equal(2, (await poison.ListAsync(queue, Token)).Messages.Count);
        Assert.False(await pipeline.Queue(pipeline.Layout.FitQueue).ExistsAsync(Token));

        Assert.Null(Assert.Single(await poison.ReplayAsync(null, [wanted.Id], null, dryRun: false, Token)).Problem);
        Assert.Equal("a", Assert.Single((await poison.ListAsync(queue, Token)).Messages).Subject);
        PeekedMessage back = Assert.Single((await pipeline.Get<StorageConnection>().RawQueues.GetQueueClient(pipeline.Layout.FitQueue).PeekMessagesAsync(32, Token)).Value);
        Assert.Equal(Convert.ToBase64String("""{"runId":"b"}"""u8), back.Body.ToString());
        Assert.Empty(await poison.ReplayAsync(null, [wanted.Id], null, dryRun: false, Token));
    }

    [Fact]
    public async Task AFailedRunIsOpenedAgainAndEndsThoughItsOtherShardsHadBeenTaken()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        foreach ((string name, byte[] content) in TestDatasets.Folder(TestDatasets.SampledClasses, 8, 4))
        {
            await harness.Datasets.GetBlobClient($"drawn/{name}").UploadAsync(new BinaryData(content), Token);
        }

        // Planned; one shard's tries all end the process, and the host gives it up; the others come when the run has failed.
        EvaluationRunner runner = pipeline.Get<EvaluationRunner>();
        await runner.PlanAsync(new QueueDelivery(new BinaryData("""{"runId":"one","dataset":"drawn","C":1}"""), "m", false), Token);
        QueueClient shards = pipeline.Queue(pipeline.Layout.ShardQueue);
        QueueMessage first = (await shards.ReceiveMessageAsync(cancellationToken: Token)).Value;
        await runner.GiveUpAsync(new QueueDelivery(first.Body, first.MessageId, true), Token);
        await pipeline.Get<EvaluationQueues>().SendPoisonAsync(pipeline.Layout.ShardQueue, first.Body, Token);
        await shards.DeleteMessageAsync(first.MessageId, first.PopReceipt, Token);
        await harness.DrainAsync();
        Assert.Equal(EvaluationState.Failed, (await pipeline.Get<EvaluationStore>().StatusAsync("one", Token))!.State);

        Assert.Null(Assert.Single(await Make(pipeline).ReplayAsync(pipeline.Layout.ShardQueue + "-poison", null, null, dryRun: false, Token)).Problem);
        await harness.DrainAsync();

        EvaluationStatus status = (await pipeline.Get<EvaluationStore>().StatusAsync("one", Token))!;
        Assert.Equal((EvaluationState.Done, null), (status.State, status.Failure?.Message));
        Assert.Empty(await harness.PoisonAsync(pipeline.Layout.ShardQueue));
    }

    [Fact]
    public async Task AnUploadGoesBackToTheHostThatWatchesAndWhereSeveralDoItMustBeNamed()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        PoisonQueues poison = Make(pipeline);
        string one = $"h{Guid.NewGuid():n}"[..20];
        string two = $"i{Guid.NewGuid():n}"[..20];
        await SendAsync(pipeline, PoisonQueues.BlobTriggerPoison, BlobMessage("cat.jpg"), raw: false);
        PoisonReplayException none = await Assert.ThrowsAsync<PoisonReplayException>(() => poison.ReplayAsync(PoisonQueues.BlobTriggerPoison, null, "nobody", dryRun: false, Token));
        Assert.Contains("azure-webjobs-blobtrigger-nobody", none.Message, StringComparison.Ordinal);

        await pipeline.Queue(PoisonQueues.BlobTriggerPrefix + one).CreateAsync(cancellationToken: Token);
        await pipeline.Queue(PoisonQueues.BlobTriggerPrefix + two).CreateAsync(cancellationToken: Token);
        PoisonReplayException several = await Assert.ThrowsAsync<PoisonReplayException>(() => poison.ReplayAsync(PoisonQueues.BlobTriggerPoison, null, null, dryRun: false, Token));
        Assert.Contains(one, several.Message, StringComparison.Ordinal);

        // What could not be put back lies there as before.
        Assert.Contains((await poison.ListAsync(PoisonQueues.BlobTriggerPoison, Token)).Messages, message => message.Subject == "cat.jpg");
        ReplayedMessage replayed = Assert.Single(await poison.ReplayAsync(PoisonQueues.BlobTriggerPoison, null, two, dryRun: false, Token), message => message.Subject == "cat.jpg");
        Assert.Equal(PoisonQueues.BlobTriggerPrefix + two, replayed.Target);
        Assert.Contains((await pipeline.Queue(replayed.Target).PeekMessagesAsync(32, Token)).Value, message => message.Body.ToString() == BlobMessage("cat.jpg"));

        await pipeline.Queue(PoisonQueues.BlobTriggerPrefix + two).DeleteAsync(Token);
        await SendAsync(pipeline, PoisonQueues.BlobTriggerPoison, BlobMessage("cat.jpg"), raw: false);
        Assert.All(await poison.ReplayAsync(PoisonQueues.BlobTriggerPoison, null, null, dryRun: false, Token), message => Assert.Equal(PoisonQueues.BlobTriggerPrefix + one, message.Target));
        await pipeline.Queue(PoisonQueues.BlobTriggerPrefix + one).DeleteAsync(Token);
    }

    [Fact]
    public async Task AnUnknownQueueIsNamedWithThoseThatThereAre()
    {
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        ArgumentException exception = await Assert.ThrowsAsync<ArgumentException>(() => Make(pipeline).ListAsync("nowhere", Token));
        Assert.Contains(PoisonQueues.BlobTriggerPoison, exception.Message, StringComparison.Ordinal);
    }

    private static PoisonQueues Make(TestPipeline pipeline)
    {
        StorageConnection storage = pipeline.Get<StorageConnection>();
        return new PoisonQueues(storage, storage, pipeline.Layout, pipeline.Get<ResultStore>(), pipeline.Get<EvaluationStore>(), pipeline.Get<EvaluationQueues>());
    }

    private static string BlobMessage(string name) => $$"""{"Type":"BlobTrigger","FunctionId":"Host.Functions.TagUploadOnScan","BlobType":"BlockBlob","ContainerName":"uploads","BlobName":"{{name}}","ETag":"\"0x1\""}""";

    private static async Task SendAsync(TestPipeline pipeline, string queue, string message, bool raw)
    {
        StorageConnection storage = pipeline.Get<StorageConnection>();
        QueueClient client = (raw ? storage.RawQueues : storage.Queues).GetQueueClient(queue);
        await client.CreateIfNotExistsAsync(cancellationToken: Token);
        await client.SendMessageAsync(message, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: Token);
    }

    private static async Task ClearAsync(TestPipeline pipeline) => await pipeline.Queue(PoisonQueues.BlobTriggerPoison).ClearMessagesAsync(Token);
}
