using System.Diagnostics;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests.Evaluations;

/// <summary>Plays the host's part for one pipeline: takes messages from the three queues and hands them to the runner until nothing is left.</summary>
internal sealed class EvaluationHarness(TestPipeline pipeline)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Called before a message is handed over; true: it is handed over twice.</summary>
    public Func<string, bool>? Twice { get; set; }

    public static async Task<EvaluationHarness> CreateAsync(AzuriteServer azurite, params (string Key, string Value)[] settings) =>
        new(await TestPipeline.CreateAsync(azurite, settings: [("Clip:Evaluations:MinShardPictures", "8"), ("Clip:Evaluations:MaxShardPictures", "16"), ("Clip:Evaluations:BatchSize", "8"), .. settings]));

    public TestPipeline Pipeline => pipeline;

    public BlobContainerClient Datasets => pipeline.Blobs(pipeline.Layout.Datasets);

    public BlobContainerClient Evaluations => pipeline.Blobs(pipeline.Layout.Evaluations);

    public async Task<EvaluationStatus> RunAsync(string message)
    {
        await SendAsync(message);
        await DrainAsync();
        List<string> ids = [];
        await foreach (string id in pipeline.Get<EvaluationStore>().ListAsync(Token))
        {
            ids.Add(id);
        }

        return (await pipeline.Get<EvaluationStore>().StatusAsync(Assert.Single(ids), Token))!;
    }

    public async Task<string> JsonAsync(string run) => (await pipeline.Get<EvaluationStore>().ReadFileAsync(run, EvaluationFitter.ReportFile, Token))!.ToString()
        .Replace(pipeline.Layout.Datasets, "datasets", StringComparison.Ordinal);

    public async Task SendAsync(string message)
    {
        QueueClient queue = pipeline.Queue(pipeline.Layout.EvaluationQueue);
        await queue.CreateIfNotExistsAsync(cancellationToken: Token);
        await queue.SendMessageAsync(new BinaryData(message), cancellationToken: Token);
    }

    /// <summary>The messages of a queue's poison queue.</summary>
    public async Task<IReadOnlyList<string>> PoisonAsync(string queue)
    {
        QueueClient poison = pipeline.Queue(queue + EvaluationQueues.PoisonSuffix);
        return await poison.ExistsAsync(Token)
            ? [.. (await poison.PeekMessagesAsync(32, Token)).Value.Select(message => message.Body.ToString())]
            : [];
    }

    public async Task DrainAsync()
    {
        EvaluationRunner runner = pipeline.Get<EvaluationRunner>();
        (string Name, Func<QueueDelivery, CancellationToken, Task> Step)[] steps =
        [
            (pipeline.Layout.EvaluationQueue, runner.PlanAsync),
            (pipeline.Layout.ShardQueue, runner.ExtractAsync),
            (pipeline.Layout.FitQueue, runner.FitAsync),
        ];
        long start = Stopwatch.GetTimestamp();
        bool any = true;
        while (any)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "The queues do not run empty.");
            any = false;
            foreach ((string name, Func<QueueDelivery, CancellationToken, Task> step) in steps)
            {
                QueueClient queue = pipeline.Queue(name);
                await queue.CreateIfNotExistsAsync(cancellationToken: Token);
                foreach (QueueMessage message in (await queue.ReceiveMessagesAsync(8, cancellationToken: Token)).Value)
                {
                    any = true;
                    QueueDelivery delivery = new(message.Body, message.MessageId, message.DequeueCount >= 5);
                    if (Twice?.Invoke(message.Body.ToString()) == true)
                    {
                        await Task.WhenAll(step(delivery, Token), step(delivery, Token));
                    }
                    else
                    {
                        await step(delivery, Token);
                    }

                    await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, Token);
                }
            }
        }
    }
}
