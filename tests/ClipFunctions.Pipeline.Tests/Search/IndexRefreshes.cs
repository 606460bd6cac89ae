using System.Diagnostics.Metrics;
using ClipFunctions.Pipeline.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Pipeline.Tests.Search;

/// <summary>Counts how often a pipeline's index has looked at the records, by its telemetry.</summary>
internal sealed class IndexRefreshes : IDisposable
{
    private readonly MeterListener _listener;
    private int _done;
    private int _failed;
    private long _pictures = -1;

    public IndexRefreshes(IServiceProvider services)
    {
        IMeterFactory factory = services.GetRequiredService<IMeterFactory>();
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Name.StartsWith("clip.index.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Interlocked.Increment(ref tags.IsEmpty ? ref _done : ref _failed));
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Exchange(ref _pictures, value));
        _ = services.GetRequiredService<PipelineTelemetry>();
        _listener.Start();
    }

    public int Done => Volatile.Read(ref _done);

    public int Failed => Volatile.Read(ref _failed);

    /// <summary>The index's size; −1 before the first build.</summary>
    public long Pictures => Interlocked.Read(ref _pictures);

    public void Dispose() => _listener.Dispose();
}
