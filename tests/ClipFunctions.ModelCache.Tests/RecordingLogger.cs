using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.ModelCaching.Tests;

/// <summary>Keeps what is logged, in order; tells a listener of it at once.</summary>
internal sealed class RecordingLogger(Action<string>? listener = null) : ILogger<ModelCache>
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message)> _entries = new();

    public IEnumerable<string> Messages => _entries.Select(entry => entry.Message);

    public IEnumerable<string> Warnings => _entries.Where(entry => entry.Level >= LogLevel.Warning).Select(entry => entry.Message);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string message = formatter(state, exception);
        _entries.Enqueue((logLevel, message));
        listener?.Invoke(message);
    }
}
