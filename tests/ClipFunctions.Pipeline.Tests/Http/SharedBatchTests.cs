using System.Diagnostics.Metrics;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Testing;
using static ClipFunctions.Pipeline.Tests.Http.TestHttpServer;

namespace ClipFunctions.Pipeline.Tests.Http;

public sealed class SharedBatchTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RequestsAndUploadsShareTheirBatches()
    {
        byte[] cat = Sample("cat.jpg");
        await using TestHttpServer server = await StartAsync(azurite, ("Clip:Batching:MaxDelay", "00:00:10"), ("Clip:Batching:MaxImages", "6"));
        using ModelLease lease = await server.Models.LeaseAsync("demo", Token);
        ModelEncoder encoder = lease.Encoder;

        // One picture stays on its way, so that the batcher waits until the batch is full.
        List<int> batches = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == BatchTelemetry.Name && instrument.Name == "clip.batch.items")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((_, items, tags, _) =>
        {
            if (tags.ToArray().Contains(new KeyValuePair<string, object?>("tower", "image")))
            {
                lock (batches)
                {
                    batches.Add(items);
                }
            }
        });
        listener.Start();
        using IDisposable onItsWay = encoder.ExpectImages(1);

        Task requests = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OkAsync(server.PostAsync("api/embed/image", Picture(cat)))));
        Task uploads = Task.WhenAll(Enumerable.Range(0, 3).Select(i => server.UploadAsync($"{i}.jpg", [.. cat, (byte)i])));
        await Task.WhenAll(requests, uploads).WaitAsync(TimeSpan.FromSeconds(8), Token);

        Assert.Contains(6, batches);
    }
}
