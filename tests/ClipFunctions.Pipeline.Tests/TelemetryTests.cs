using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using ClipFunctions.Pipeline.Telemetry;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Testing;

namespace ClipFunctions.Pipeline.Tests;

public sealed class TelemetryTests(AzuriteServer azurite)
{
    [Fact]
    public async Task CountsPicturesTimesStagesAndTracesUploads()
    {
        ConcurrentBag<(string Instrument, string Tag)> measured = [];
        ConcurrentBag<string> traced = [];
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite);
        using MeterListener meters = new()
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == PipelineTelemetry.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => measured.Add((instrument.Name, Values(tags))));
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => measured.Add((instrument.Name, Values(tags))));
        using ActivityListener activities = new()
        {
            ShouldListenTo = source => source.Name == PipelineTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => traced.Add($"{activity.GetTagItem("clip.upload")} {activity.GetTagItem("clip.outcome")}"),
        };
        ActivitySource.AddActivityListener(activities);
        string name = $"{Guid.NewGuid():n}.jpg";

        // The meter comes into being with the tagger, the listener hears of it from then on.
        UploadTagger tagger = pipeline.Tagger;
        meters.Start();
        await tagger.TagAsync(await pipeline.UploadAsync(name, TestPictures.Jpeg(1)), TestContext.Current.CancellationToken);
        await pipeline.TagAsync(await pipeline.UploadAsync("bad.jpg", [1, 2, 3]));

        Assert.Contains(("clip.uploads", "Tagged none"), measured);
        Assert.Contains(("clip.uploads", "Failed UnsupportedFormat"), measured);
        Assert.Contains(measured, item => item.Instrument == "clip.upload.age");
        foreach (string stage in (string[])["download", "preprocess", "encode", "classify", "write", "tag", "total"])
        {
            Assert.Contains(("clip.upload.stage.duration", stage), measured);
        }

        Assert.Contains($"{name} Tagged", traced);
    }

    private static string Values(ReadOnlySpan<KeyValuePair<string, object?>> tags) => string.Join(' ', tags.ToArray().Select(tag => tag.Value));
}
