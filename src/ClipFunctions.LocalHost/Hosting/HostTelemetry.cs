using System.Diagnostics.Metrics;

namespace ClipFunctions.LocalHost.Hosting;

/// <summary>The local host's own metrics.</summary>
public sealed class HostTelemetry
{
    /// <summary>The meter's name.</summary>
    public const string Name = "ClipFunctions.LocalHost";

    private readonly Histogram<double> _queueAge;
    private readonly Counter<long> _poisoned;
    private readonly Histogram<double> _scans;

    /// <summary>Creates the instruments.</summary>
    public HostTelemetry(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
#pragma warning disable CA2000 // The factory owns the meter.
        Meter meter = meters.Create(Name);
#pragma warning restore CA2000
        _queueAge = meter.CreateHistogram<double>("clip.queue.age", "s", "From a message's insertion to its handling.");
        _poisoned = meter.CreateCounter<long>("clip.queue.poisoned", "{message}", "Messages given up and moved to a poison queue.");
        _scans = meter.CreateHistogram<double>("clip.scan.duration", "ms", "Time of listing the uploads container once.");
    }

    /// <summary>Records how long a message had been in its queue; below zero, where two clocks differ, counts as zero.</summary>
    public void RecordQueueAge(string queue, TimeSpan age) => _queueAge.Record(Math.Max(0, age.TotalSeconds), new KeyValuePair<string, object?>("queue", queue));

    /// <summary>Counts a message that was given up.</summary>
    public void RecordPoison(string queue) => _poisoned.Add(1, new KeyValuePair<string, object?>("queue", queue));

    /// <summary>Records how long a listing took.</summary>
    public void RecordScan(TimeSpan duration) => _scans.Record(duration.TotalMilliseconds);
}
