namespace ClipFunctions.Probe.Fitting;

/// <summary>
/// Cuts rows into lanes that threads take one after the other. The cut depends on the sizes alone and every lane has sums of its own, added up
/// in the lanes' order: results do not depend on the number of threads or their timing.
/// </summary>
internal sealed class RowLanes
{
    private const int RowsPerLane = 480;
    private const int MostLanes = 64;
    private const long FreeBytes = 8 << 20;

    private readonly ParallelOptions _parallel;

    /// <summary>Makes a cut.</summary>
    /// <param name="rows">Rows, 1 or more.</param>
    /// <param name="dimension">Features of a row.</param>
    /// <param name="bytesPerLane">What a lane's sums take.</param>
    /// <param name="threads">At most so many threads; 0 for as many as there are cores.</param>
    /// <param name="cancellationToken">Ends a run.</param>
    public RowLanes(int rows, int dimension, long bytesPerLane, int threads, CancellationToken cancellationToken)
    {
        Rows = rows;
        long affordable = Math.Max(FreeBytes, (long)rows * dimension * sizeof(float) / 12) / bytesPerLane;
        Count = (int)Math.Clamp(rows / RowsPerLane, 1, Math.Clamp(affordable, 2, MostLanes));
        _parallel = new ParallelOptions { MaxDegreeOfParallelism = threads == 0 ? Environment.ProcessorCount : threads, CancellationToken = cancellationToken };
    }

    /// <summary>How many rows.</summary>
    public int Rows { get; }

    /// <summary>How many lanes, 1 or more.</summary>
    public int Count { get; }

    /// <summary>The first row of a lane; that of the lane behind the last is the number of rows.</summary>
    public int Start(int lane) => (int)((long)Rows * lane / Count);

    /// <summary>Runs every lane once.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Run<TLocal>(Func<TLocal> rent, Action<int, TLocal> body, Action<TLocal> giveBack) =>
        ForEach(Count, rent, body, giveBack);

    /// <summary>Runs any number of independent tasks on the same threads.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void ForEach<TLocal>(int count, Func<TLocal> rent, Action<int, TLocal> body, Action<TLocal> giveBack)
    {
        try
        {
            Parallel.For(0, count, _parallel, rent, (i, _, local) =>
            {
                body(i, local);
                return local;
            }, giveBack);
        }
        catch (AggregateException exception) when (exception.InnerExceptions.All(inner => inner is OperationCanceledException))
        {
            throw new OperationCanceledException(_parallel.CancellationToken);
        }
    }
}
