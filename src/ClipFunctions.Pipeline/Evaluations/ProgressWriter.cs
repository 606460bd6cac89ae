using System.Threading.Channels;
using Azure;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>Writes a step's progress into its run's status, the latest word each time, and no more often than it must.</summary>
internal sealed class ProgressWriter : IProgress<string>, IAsyncDisposable
{
    private readonly Channel<string> _words = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writing;

    public ProgressWriter(string runId, EvaluationStore store, TimeSpan interval) => _writing = WriteAsync(runId, store, interval, _stop.Token);

    public void Report(string value) => _words.Writer.TryWrite(value);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        _stop.Dispose();
    }

    private async Task WriteAsync(string runId, EvaluationStore store, TimeSpan interval, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (string word in _words.Reader.ReadAllAsync(cancellationToken))
            {
                try
                {
                    await store.ChangeStatusAsync(runId, status => status with { Progress = word }, cancellationToken);
                }
                catch (Exception exception) when (exception is RequestFailedException or AggregateException or IOException or InvalidOperationException)
                {
                    // Progress is told, not promised.
                }

                await Task.Delay(interval, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
