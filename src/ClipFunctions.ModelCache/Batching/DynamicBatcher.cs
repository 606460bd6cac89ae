namespace ClipFunctions.ModelCaching.Batching;

/// <summary>
/// Puts items of many callers together and runs one batch at a time, since a run keeps the whole device busy. While a batch runs, the next
/// one gathers; when the device is free, items wait at most <see cref="BatchingOptions.MaxDelay"/> for others that are on their way. An
/// item that makes its batch fail is found by halving the batch, so that its neighbours get their answers.
/// </summary>
/// <typeparam name="T">An item; it belongs to the batcher from <see cref="Reservation.Enqueue"/> on.</typeparam>
internal sealed class DynamicBatcher<T>
{
    private static readonly TimeSpan MinRetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(60);
    private const double SpeedMemory = 0.9;

    private readonly Lock _lock = new();
    private readonly LinkedList<Item> _waiting = new();
    private readonly BatcherSettings<T> _settings;
    private readonly TimeProvider _time;
    private int _expected;
    private bool _running;
    private TaskCompletionSource? _arrival;
    private double _secondsPerItem;

    public DynamicBatcher(BatcherSettings<T> settings, TimeProvider? time = null)
    {
        _settings = settings;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Items that wait or are expected.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count + _expected;
            }
        }
    }

    /// <summary>Takes room for items that are on their way: batches wait a little for them.</summary>
    /// <exception cref="BatchQueueFullException">There is none, and <paramref name="admission"/> does not insist.</exception>
    public Reservation Reserve(int count, QueueAdmission admission)
    {
        lock (_lock)
        {
            int pending = _waiting.Count + _expected;
            if (admission == QueueAdmission.IfRoom && pending > 0 && pending + count > _settings.Capacity)
            {
                double seconds = _secondsPerItem * pending;
                TimeSpan retryAfter = seconds < MinRetryAfter.TotalSeconds ? MinRetryAfter : seconds > MaxRetryAfter.TotalSeconds ? MaxRetryAfter : TimeSpan.FromSeconds(seconds);
                _settings.Telemetry?.RecordRefusal(count);
                throw new BatchQueueFullException(_settings.What, _settings.Capacity, pending, count, retryAfter);
            }

            _expected += count;
            return new Reservation(this, count);
        }
    }

    private Task<ReadOnlyMemory<float>> Enqueue(T value, int cost, CancellationToken cancellationToken)
    {
        Item item = new(value, cost, _time.GetTimestamp());
        item.Registration = cancellationToken.UnsafeRegister(static (state, token) =>
        {
            (DynamicBatcher<T> batcher, Item item) = ((DynamicBatcher<T>, Item))state!;
            batcher.Cancel(item, token);
        }, (this, item));

        bool enqueued;
        bool start = false;
        lock (_lock)
        {
            enqueued = !item.IsCancelled;
            if (enqueued)
            {
                _waiting.AddLast(item.Node);
                start = !_running;
                _running = true;
                _arrival?.TrySetResult();
            }
        }

        if (!enqueued)
        {
            _settings.Release(value);
        }
        else if (start)
        {
            _ = Task.Run(RunAsync, CancellationToken.None);
        }

        return item.Result.Task;
    }

    private void Cancel(Item item, CancellationToken cancellationToken)
    {
        bool wasWaiting;
        RunningBatch? batch;
        lock (_lock)
        {
            item.IsCancelled = true;
            batch = item.Batch;
            wasWaiting = item.Node.List is not null;
            if (wasWaiting)
            {
                _waiting.Remove(item.Node);
                _arrival?.TrySetResult();
            }
        }

        if (wasWaiting)
        {
            _settings.Release(item.Value);
        }

        item.Result.TrySetCanceled(cancellationToken);
        batch?.Leave();
    }

    private void Expect(int fewer)
    {
        lock (_lock)
        {
            _expected -= fewer;
            _arrival?.TrySetResult();
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            Task? arrival = null;
            TimeSpan patience = default;
            List<Item>? batch = null;
            lock (_lock)
            {
                if (_waiting.First is not { } first)
                {
                    _running = false;
                    return;
                }

                patience = _settings.MaxDelay - _time.GetElapsedTime(first.Value.EnqueuedAt);
                if (_expected > 0 && patience > TimeSpan.Zero && !IsFull())
                {
                    _arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    arrival = _arrival.Task;
                }
                else
                {
                    _arrival = null;
                    batch = Take();
                }
            }

            if (batch is null)
            {
                try
                {
                    await arrival!.WaitAsync(patience, _time).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                }
            }
            else
            {
                Run(batch);
            }
        }
    }

    private bool IsFull()
    {
        int count = 0;
        int longest = 0;
        foreach (Item item in _waiting)
        {
            count++;
            longest = Math.Max(longest, item.Cost);
            if ((long)(count + 1) * longest > _settings.MaxCost)
            {
                return true;
            }
        }

        return false;
    }

    // What a batch costs is its rows times the longest of them, as rows are padded to one length.
    private List<Item> Take()
    {
        List<Item> batch = [];
        int longest = 0;
        while (_waiting.First is { } node)
        {
            longest = Math.Max(longest, node.Value.Cost);
            if (batch.Count > 0 && (long)(batch.Count + 1) * longest > _settings.MaxCost)
            {
                break;
            }

            _waiting.RemoveFirst();
            batch.Add(node.Value);
        }

        return batch;
    }

    private void Run(List<Item> batch)
    {
        long start = _time.GetTimestamp();
        foreach (Item item in batch)
        {
            _settings.Telemetry?.RecordWait(_time.GetElapsedTime(item.EnqueuedAt, start));
        }

        RunPiece(batch);
        TimeSpan duration = _time.GetElapsedTime(start);
        _settings.Telemetry?.RecordBatch(batch.Count, duration);
        lock (_lock)
        {
            double seconds = duration.TotalSeconds / batch.Count;
            _secondsPerItem = _secondsPerItem == 0 ? seconds : (_secondsPerItem * SpeedMemory) + (seconds * (1 - SpeedMemory));
        }
    }

    private void RunPiece(List<Item> items)
    {
        RunningBatch run = new();
        List<Item> live = new(items.Count);
        List<Item> left = [];
        lock (_lock)
        {
            foreach (Item item in items)
            {
                (item.IsCancelled ? left : live).Add(item);
                item.Batch = run;
            }

            run.Left = live.Count;
        }

        left.ForEach(Finish);
        if (live.Count == 0)
        {
            return;
        }

        try
        {
            IReadOnlyList<ReadOnlyMemory<float>> results = _settings.Run([.. live.Select(item => item.Value)], run.Token);
            for (int i = 0; i < live.Count; i++)
            {
                live[i].Result.TrySetResult(results[i]);
                Finish(live[i]);
            }
        }
        catch (Exception exception)
        {
            if (run.Token.IsCancellationRequested)
            {
                live.ForEach(Finish);
            }
            else if (live.Count == 1)
            {
                live[0].Result.TrySetException(exception);
                Finish(live[0]);
            }
            else
            {
                RunPiece(live[..(live.Count / 2)]);
                RunPiece(live[(live.Count / 2)..]);
            }
        }
    }

    private void Finish(Item item)
    {
        item.Registration.Dispose();
        _settings.Release(item.Value);
    }

    /// <summary>Room for items on their way. What is not used is given back on disposal.</summary>
    internal sealed class Reservation(DynamicBatcher<T> batcher, int count) : IDisposable
    {
        private int _left = count;

        /// <summary>Hands over an item; with it goes one of the places.</summary>
        /// <param name="value">The item.</param>
        /// <param name="cost">What it costs in a batch.</param>
        /// <param name="cancellationToken">Takes it out again; a run stops when all of its batch have left.</param>
        /// <returns>The item's vector.</returns>
        public Task<ReadOnlyMemory<float>> Enqueue(T value, int cost, CancellationToken cancellationToken)
        {
            if (Interlocked.Decrement(ref _left) < 0)
            {
                throw new InvalidOperationException("More items than places.");
            }

            Task<ReadOnlyMemory<float>> result = batcher.Enqueue(value, cost, cancellationToken);
            batcher.Expect(1);
            return result;
        }

        /// <summary>One of the items will not come.</summary>
        public void GiveUpOne()
        {
            if (Interlocked.Decrement(ref _left) >= 0)
            {
                batcher.Expect(1);
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 0) is > 0 and int left)
            {
                batcher.Expect(left);
            }
        }
    }

    private sealed class Item
    {
        public Item(T value, int cost, long enqueuedAt)
        {
            Value = value;
            Cost = cost;
            EnqueuedAt = enqueuedAt;
            Node = new LinkedListNode<Item>(this);
        }

        public T Value { get; }

        public int Cost { get; }

        public long EnqueuedAt { get; }

        public LinkedListNode<Item> Node { get; }

        public TaskCompletionSource<ReadOnlyMemory<float>> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenRegistration Registration { get; set; }

        // These two belong to the batcher's lock.
        public bool IsCancelled { get; set; }

        public RunningBatch? Batch { get; set; }
    }

    /// <summary>Counts those who still want the run's answers; without any it is stopped.</summary>
    private sealed class RunningBatch
    {
        private int _left;

        // Never disposed: it has no timer, so there is nothing to free.
        private CancellationTokenSource Cancellation { get; } = new();

        public CancellationToken Token => Cancellation.Token;

        public int Left
        {
            set => _left = value;
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                Cancellation.Cancel();
            }
        }
    }
}
