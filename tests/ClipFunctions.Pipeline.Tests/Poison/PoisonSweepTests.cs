using System.Text.Json;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Poison;
using ClipFunctions.Pipeline.Tests.Evaluations;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Pipeline.Tests.Poison;

public sealed class PoisonSweepTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ARunWhoseStepWasGivenUpFailsAndItsMessageStays()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        PoisonSweep sweep = Sweep(pipeline);
        await CreateAsync(pipeline, "planning", "extracting", "fitting", "other");
        await PoisonAsync(pipeline, pipeline.Layout.EvaluationQueue, """{"runId":"planning","dataset":"drawn","C":1}""");
        await PoisonAsync(pipeline, pipeline.Layout.ShardQueue, """{"runId":"extracting","shard":3}""");
        await PoisonAsync(pipeline, pipeline.Layout.FitQueue, """{"runId":"fitting"}""", "no JSON", """{"runId":"absent"}""");

        Assert.Equal(5, await sweep.SweepAsync(Token));
        Assert.Equal(5, await sweep.SweepAsync(Token));

        foreach (string run in (string[])["planning", "extracting", "fitting"])
        {
            EvaluationStatus status = await StatusAsync(pipeline, run);
            Assert.Equal((EvaluationState.Failed, "GaveUp"), (status.State, status.Failure?.Code));
        }

        Assert.Equal(EvaluationState.Queued, (await StatusAsync(pipeline, "other")).State);
        Assert.Equal(["""{"runId":"fitting"}""", "no JSON", """{"runId":"absent"}"""], await harness.PoisonAsync(pipeline.Layout.FitQueue));
    }

    [Fact]
    public async Task ARunThatIsOverStaysAsItIs()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await CreateAsync(pipeline, "stopped");
        await pipeline.Get<EvaluationStarter>().CancelAsync("stopped", Token);
        EvaluationStatus before = await StatusAsync(pipeline, "stopped");
        await PoisonAsync(pipeline, pipeline.Layout.FitQueue, """{"runId":"stopped"}""");

        await Sweep(pipeline).SweepAsync(Token);

        Assert.Equal(before.Updated, (await StatusAsync(pipeline, "stopped")).Updated);
    }

    [Fact]
    public async Task MessagesBeyondWhatAPeekShowsAreReadAndShownAgain()
    {
        const int Messages = 70;
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await CreateAsync(pipeline, "last");
        await PoisonAsync(pipeline, pipeline.Layout.ShardQueue, [.. Enumerable.Range(0, Messages - 1).Select(i => JsonSerializer.Serialize(new { runId = "absent", shard = i })), """{"runId":"last","shard":1}"""]);

        Assert.Equal(Messages, await Sweep(pipeline).SweepAsync(Token));

        Assert.Equal(EvaluationState.Failed, (await StatusAsync(pipeline, "last")).State);
        QueueClient poison = pipeline.Queue(pipeline.Layout.ShardQueue + EvaluationQueues.PoisonSuffix);
        HashSet<string> visible = new(StringComparer.Ordinal);
        while ((await poison.ReceiveMessagesAsync(32, TimeSpan.FromMinutes(1), Token)).Value is { Length: > 0 } messages)
        {
            foreach (QueueMessage message in messages)
            {
                visible.Add(message.Body.ToString());
            }
        }

        Assert.Equal(Messages, visible.Count);
    }

    [Fact]
    public async Task LooksOnceAtTheStart()
    {
        EvaluationHarness harness = await EvaluationHarness.CreateAsync(azurite);
        await using TestPipeline pipeline = harness.Pipeline;
        await CreateAsync(pipeline, "given-up");
        await PoisonAsync(pipeline, pipeline.Layout.FitQueue, """{"runId":"given-up"}""");
        using PoisonSweep sweep = Sweep(pipeline);

        await sweep.StartAsync(Token);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while ((await StatusAsync(pipeline, "given-up")).State != EvaluationState.Failed)
        {
            await Task.Delay(20, limit.Token);
        }

        await sweep.StopAsync(Token);
    }

    private static PoisonSweep Sweep(TestPipeline pipeline) => ActivatorUtilities.CreateInstance<PoisonSweep>(pipeline.Services);

    private static async Task<EvaluationStatus> StatusAsync(TestPipeline pipeline, string run) => (await pipeline.Get<EvaluationStore>().StatusAsync(run, Token))!;

    private static async Task CreateAsync(TestPipeline pipeline, params string[] runs)
    {
        foreach (string run in runs)
        {
            await pipeline.Get<EvaluationStarter>().StartAsync(new EvaluationRequest { RunId = run, Dataset = "drawn", C = 1 }, Token);
        }
    }

    private static async Task PoisonAsync(TestPipeline pipeline, string queue, params string[] messages)
    {
        foreach (string message in messages)
        {
            await pipeline.Get<EvaluationQueues>().SendPoisonAsync(queue, new BinaryData(message), Token);
        }
    }
}
