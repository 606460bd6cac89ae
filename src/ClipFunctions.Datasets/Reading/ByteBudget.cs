namespace ClipFunctions.Datasets.Reading;

/// <summary>Bytes that may be held at a time. One caller takes, any may give back.</summary>
internal sealed class ByteBudget(long total)
{
    private readonly Lock _gate = new();
    private long _taken;
    private TaskCompletionSource? _waiting;

    /// <summary>Takes bytes as soon as they are free; more than there are, as soon as none is taken.</summary>
    public async Task TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task given;
            lock (_gate)
            {
                if (_taken == 0 || _taken + bytes <= total)
                {
                    _taken += bytes;
                    return;
                }

                _waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                given = _waiting.Task;
            }

            await given.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Gives bytes back.</summary>
    public void Give(long bytes)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            _taken -= bytes;
            waiting = _waiting;
            _waiting = null;
        }

        waiting?.SetResult();
    }
}
