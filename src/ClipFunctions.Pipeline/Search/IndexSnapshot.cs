using ClipFunctions.Pipeline.Uploads;

namespace ClipFunctions.Pipeline.Search;

/// <summary>The uploads as the index knew them at one moment. Immutable.</summary>
public sealed class IndexSnapshot
{
    private const int PicturesPerTask = 4096;

    private readonly IndexEntry[] _entries;
    private readonly Dictionary<string, IndexEntry> _byName;
    private readonly Dictionary<(string Fingerprint, int Dimension), IndexEntry[]> _searchable;

    /// <summary>Makes a snapshot.</summary>
    /// <param name="entries">The uploads, in any order.</param>
    /// <param name="truncated">Whether there are more, which were left out.</param>
    /// <param name="skipped">How many records could not be read as such.</param>
    /// <exception cref="ArgumentException">Two entries have one name.</exception>
    public IndexSnapshot(IEnumerable<IndexEntry> entries, bool truncated = false, int skipped = 0)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Truncated = truncated;
        Skipped = skipped;
        _entries = [.. entries];
        _byName = _entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        Array.Sort(_entries, static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        _searchable = _entries
            .Where(entry => !entry.Vector.IsEmpty)
            .GroupBy(entry => (entry.Model.Fingerprint, entry.Vector.Length))
            .ToDictionary(group => group.Key, group => group.ToArray());
        Array.Sort(_entries, static (one, other) =>
            other.Time.CompareTo(one.Time) is not 0 and int byTime ? byTime : string.CompareOrdinal(one.Name, other.Name));
    }

    /// <summary>All uploads, tagged and failed: the newest record first, equal times by name.</summary>
    public IReadOnlyList<IndexEntry> Entries => _entries;

    /// <summary>Whether there are more records than <see cref="SearchOptions.MaxPictures"/>, of which the oldest were left out.</summary>
    public bool Truncated { get; }

    /// <summary>How many blobs among the records are of a form that is not known, and were left out.</summary>
    public int Skipped { get; }

    /// <summary>The upload of a name; null if there is no record of it.</summary>
    /// <param name="name">Its path in the uploads container.</param>
    public IndexEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The pictures nearest to a query, among those that the same model has looked at: exact cosines, best first, equal ones by name.</summary>
    /// <param name="fingerprint">The model that made the query; see <see cref="UploadModel.Fingerprint"/>.</param>
    /// <param name="query">Its embedding, of any length but 0.</param>
    /// <param name="top">How many, at least 0.</param>
    /// <param name="skip">How many better ones are left out, at least 0.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The query is all zeros, or not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public SearchPage Search(string fingerprint, ReadOnlySpan<float> query, int top, int skip = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(fingerprint);
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfNegative(skip);
        float[] unit = UnitVector.Of(query) ?? throw new ArgumentException("The query has no direction: it is all zeros, or not finite.", nameof(query));
        if (!_searchable.TryGetValue((fingerprint, unit.Length), out IndexEntry[]? entries))
        {
            return new SearchPage([], 0);
        }

        if (top == 0 || skip >= entries.Length)
        {
            return new SearchPage([], entries.Length);
        }

        int wanted = (int)Math.Min((long)top + skip, entries.Length);
        TopHits best = new(wanted);
        int parts = (entries.Length + PicturesPerTask - 1) / PicturesPerTask;
        if (parts == 1)
        {
            Compare(entries, 0, unit, best, cancellationToken);
        }
        else
        {
            Lock merging = new();
            Parallel.For(
                0,
                parts,
                new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
                () => new TopHits(wanted),
                (part, _, hits) => Compare(entries, part, unit, hits, cancellationToken),
                hits =>
                {
                    lock (merging)
                    {
                        best.Add(hits);
                    }
                });
        }

        return new SearchPage([.. best.TakeAll().Skip(skip).Select(hit => new ScoredEntry(entries[hit.Index], hit.Score))], entries.Length);
    }

    private static TopHits Compare(IndexEntry[] entries, int part, float[] query, TopHits hits, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int end = Math.Min(entries.Length, (part + 1) * PicturesPerTask);
        for (int i = part * PicturesPerTask; i < end; i++)
        {
            hits.Add(UnitVector.Cosine(entries[i].Vector.Span, query), i);
        }

        return hits;
    }
}
