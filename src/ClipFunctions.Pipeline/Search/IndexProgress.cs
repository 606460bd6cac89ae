namespace ClipFunctions.Pipeline.Search;

/// <summary>How far a build has come. Written by many threads.</summary>
internal sealed class IndexProgress
{
    private int _found;
    private int _read;

    public int Found => Volatile.Read(ref _found);

    public int Read => Volatile.Read(ref _read);

    public void AddFound() => Interlocked.Increment(ref _found);

    public void AddRead(int count) => Interlocked.Add(ref _read, count);
}
