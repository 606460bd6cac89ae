using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ClipFunctions.ModelCaching.Batching;

/// <summary>The batchers' metrics; hosts export what bears <see cref="Name"/>.</summary>
public sealed class BatchTelemetry
{
    /// <summary>The meter's name.</summary>
    public const string Name = "ClipFunctions.ModelCache";

    private static readonly Meter Meter = new(Name);
    private static readonly Histogram<int> Items = Meter.CreateHistogram<int>("clip.batch.items", "{item}", "Pictures or texts of a batch.");
    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>("clip.batch.duration", "ms", "Time of a batch's run.");
    private static readonly Histogram<double> Waits = Meter.CreateHistogram<double>("clip.batch.wait", "ms", "From an item's arrival to its batch's run.");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("clip.batch.refused", "{item}", "Pictures or texts turned away because the queue was full.");

    private readonly TagList _tags;

    internal BatchTelemetry(string model, string tower) => _tags = new TagList { { "model", model }, { "tower", tower } };

    internal void RecordWait(TimeSpan wait) => Waits.Record(wait.TotalMilliseconds, _tags);

    internal void RecordBatch(int items, TimeSpan duration)
    {
        Items.Record(items, _tags);
        Durations.Record(duration.TotalMilliseconds, _tags);
    }

    internal void RecordRefusal(int items) => Refusals.Add(items, _tags);
}
