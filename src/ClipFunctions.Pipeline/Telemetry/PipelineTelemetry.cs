using System.Diagnostics;
using System.Diagnostics.Metrics;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Telemetry;

/// <summary>The pipeline's metrics and traces; hosts export what bears <see cref="Name"/>.</summary>
public sealed class PipelineTelemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "ClipFunctions.Pipeline";

    /// <summary>The meters of all rooms, for hosts that export them.</summary>
    public static IReadOnlyList<string> Meters { get; } = [Name, BatchTelemetry.Name];

    private readonly Gauge<long> _indexed;
    private readonly Histogram<double> _refreshes;
    private readonly Counter<long> _uploads;
    private readonly Counter<long> _faults;
    private readonly Histogram<double> _stages;
    private readonly Histogram<double> _age;
    private readonly Histogram<double> _requests;

    /// <summary>Creates the instruments.</summary>
    public PipelineTelemetry(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
#pragma warning disable CA2000 // The factory owns the meter.
        Meter meter = meters.Create(Name);
#pragma warning restore CA2000
        _indexed = meter.CreateGauge<long>("clip.index.pictures", "{picture}", "Uploads in the search index.");
        _refreshes = meter.CreateHistogram<double>("clip.index.refresh.duration", "ms", "Time of each look at the records, by error.");
        _uploads = meter.CreateCounter<long>("clip.uploads", "{picture}", "Uploads handled, by outcome and failure reason.");
        _faults = meter.CreateCounter<long>("clip.uploads.faults", "{event}", "Tries that threw and will be retried, by error.");
        _stages = meter.CreateHistogram<double>("clip.upload.stage.duration", "ms", "Time of each step of an upload.");
        _age = meter.CreateHistogram<double>("clip.upload.age", "s", "From the upload's last write to its tags.");
        _requests = meter.CreateHistogram<double>("clip.http.duration", "ms", "Time of an HTTP request without sending its answer, by operation and outcome.");
    }

    /// <summary>Traces of the pipeline's steps.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    /// <summary>Records that the search index was brought up to date.</summary>
    public void RecordIndex(TimeSpan duration, int pictures)
    {
        _indexed.Record(pictures);
        _refreshes.Record(duration.TotalMilliseconds);
    }

    /// <summary>Records that the search index could not be brought up to date.</summary>
    public void RecordIndexFault(TimeSpan duration, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        _refreshes.Record(duration.TotalMilliseconds, new KeyValuePair<string, object?>("error.type", exception.GetType().FullName));
    }

    /// <summary>Counts an upload that was handled.</summary>
    public void RecordOutcome(UploadOutcome outcome, string? reason) =>
        _uploads.Add(1, new("outcome", outcome.ToString()), new("reason", reason ?? "none"));

    /// <summary>Counts a try that threw.</summary>
    public void RecordFault(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        _faults.Add(1, new KeyValuePair<string, object?>("error.type", exception.GetType().FullName));
    }

    /// <summary>Records how long a step took.</summary>
    public void RecordStage(string stage, TimeSpan duration) =>
        _stages.Record(duration.TotalMilliseconds, new KeyValuePair<string, object?>("stage", stage));

    /// <summary>Records an HTTP request.</summary>
    /// <param name="operation">What was asked for.</param>
    /// <param name="outcome"><c>ok</c>, or the problem's code.</param>
    /// <param name="duration">How long it took.</param>
    public void RecordRequest(string operation, string outcome, TimeSpan duration) =>
        _requests.Record(duration.TotalMilliseconds, new("operation", operation), new("outcome", outcome));

    /// <summary>Records how long a picture waited from its upload to its tags; below zero, where storage's clock differs from ours, counts as zero.</summary>
    public void RecordAge(TimeSpan age) => _age.Record(Math.Max(0, age.TotalSeconds));
}
