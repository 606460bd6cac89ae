namespace ClipFunctions.Pipeline.Search;

/// <summary>The best of many scores, kept in a heap whose top is the worst of them. An equal score with a lower index is the better one.</summary>
/// <param name="capacity">How many are kept.</param>
internal sealed class TopHits(int capacity)
{
    private readonly PriorityQueue<int, (float Score, int Index)> _heap = new(Comparer<(float Score, int Index)>.Create(WorstFirst));

    /// <summary>Keeps a score if it is good enough.</summary>
    public void Add(float score, int index)
    {
        if (_heap.Count < capacity)
        {
            _heap.Enqueue(index, (score, index));
        }
        else if (_heap.TryPeek(out _, out (float Score, int Index) worst) && WorstFirst((score, index), worst) > 0)
        {
            _heap.EnqueueDequeue(index, (score, index));
        }
    }

    /// <summary>Takes the other's.</summary>
    public void Add(TopHits other)
    {
        foreach ((_, (float score, int index)) in other._heap.UnorderedItems)
        {
            Add(score, index);
        }
    }

    /// <summary>All that are kept, best first; none are kept afterwards.</summary>
    public (float Score, int Index)[] TakeAll()
    {
        (float Score, int Index)[] hits = new (float, int)[_heap.Count];
        for (int i = hits.Length - 1; i >= 0; i--)
        {
            _heap.TryDequeue(out _, out hits[i]);
        }

        return hits;
    }

    private static int WorstFirst((float Score, int Index) one, (float Score, int Index) other)
    {
        int byScore = one.Score.CompareTo(other.Score);
        return byScore != 0 ? byScore : other.Index.CompareTo(one.Index);
    }
}
