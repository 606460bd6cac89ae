namespace ClipFunctions.Clip.ZeroShot;

/// <summary>
/// A bounded cache of results that are computed once, however many ask for one at a time. A computation is given up when the last of
/// those who wait for it gives up; a failure goes to those who wait and is not kept. The result not used for longest leaves first.
/// </summary>
/// <param name="capacity">The most results.</param>
/// <param name="maxSize">The most that they may take together; the one used last stays, whatever its size.</param>
/// <param name="sizeOf">What a result takes.</param>
internal sealed class SingleFlightCache<TKey, TValue>(int capacity, long maxSize = long.MaxValue, Func<TValue, long>? sizeOf = null)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _size;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    public async Task<TValue> GetAsync(TKey key, Func<CancellationToken, TValue> compute, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Entry entry;
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out LinkedListNode<Entry>? node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                entry = node.Value;
            }
            else
            {
                entry = new Entry(key);
                entry.Task = Task.Run(() => compute(entry.Cancellation.Token), entry.Cancellation.Token);
                _entries.Add(key, _byUse.AddFirst(entry));
                Trim();
            }

            entry.Waiters++;
        }

        try
        {
            return await entry.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(entry);
        }
    }

    private void Leave(Entry entry)
    {
        lock (_lock)
        {
            entry.Waiters--;
            if (entry.Task.IsCompletedSuccessfully)
            {
                if (entry.Size < 0)
                {
                    entry.Size = sizeOf?.Invoke(entry.Task.Result) ?? 0;
                    _size += entry.Size;
                    Trim();
                }

                return;
            }

            // Failed, or nobody waits for it any more: the next to ask starts anew.
            if (entry.Task.IsCompleted || entry.Waiters == 0)
            {
                if (_entries.TryGetValue(entry.Key, out LinkedListNode<Entry>? node) && node.Value == entry)
                {
                    _entries.Remove(entry.Key);
                    _byUse.Remove(node);
                }

                if (!entry.Task.IsCompleted)
                {
                    entry.Cancellation.Cancel();
                }
            }
        }
    }

    private void Trim()
    {
        LinkedListNode<Entry>? node = _byUse.Last;
        while ((_entries.Count > capacity || _size > maxSize) && node is not null)
        {
            LinkedListNode<Entry>? before = node.Previous;
            if (node.Value.Task.IsCompleted && (before is not null || _entries.Count > capacity))
            {
                _entries.Remove(node.Value.Key);
                _byUse.Remove(node);
                _size -= Math.Max(0, node.Value.Size);
                node.Value.Size = 0;
            }

            node = before;
        }
    }

    private sealed class Entry(TKey key)
    {
        public TKey Key { get; } = key;

        // Never disposed: it has no timer, so there is nothing to free.
        public CancellationTokenSource Cancellation { get; } = new();

        public Task<TValue> Task { get; set; } = null!;

        public int Waiters { get; set; }

        /// <summary>What its result takes; negative until that is counted.</summary>
        public long Size { get; set; } = -1;
    }
}
