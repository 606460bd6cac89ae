using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching;

/// <summary>
/// One search for a bundle, shared by all who wait for it: each hears of its progress, and it is given up when the last of them gives
/// up. Its fields belong to the cache's lock.
/// </summary>
internal sealed class BundleSearch(CancellationToken stop) : IProgress<ModelProgress>
{
    private IProgress<ModelProgress>[] _listeners = [];

    public CancellationTokenSource Cancellation { get; } = CancellationTokenSource.CreateLinkedTokenSource(stop);

    public Task<ModelBundle> Task { get; set; } = null!;

    public int Waiters { get; set; }

    public bool IsLost => Task.IsFaulted || Task.IsCanceled || Cancellation.IsCancellationRequested;

    public void Add(IProgress<ModelProgress> listener) => _listeners = [.. _listeners, listener];

    public void Remove(IProgress<ModelProgress> listener)
    {
        int at = Array.IndexOf(_listeners, listener);
        _listeners = [.. _listeners[..at], .. _listeners[(at + 1)..]];
    }

    public void Report(ModelProgress value)
    {
        foreach (IProgress<ModelProgress> listener in Volatile.Read(ref _listeners))
        {
            listener.Report(value);
        }
    }
}
