using System.Diagnostics;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>One of those that are measured against each other.</summary>
/// <param name="Name">What the tables call it.</param>
/// <param name="PrepareAsync">Makes ready what is not timed.</param>
/// <param name="RunAsync">Runs a number of iterations; gives the mean seconds of one.</param>
internal sealed record Side(string Name, Func<Task> PrepareAsync, Func<int, Task<double>> RunAsync)
{
    /// <summary>This code, in this process.</summary>
    public static Side Own(string name, Action iteration) => new(name, () => Task.CompletedTask, iterations => Task.Run(() =>
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < iterations; i++)
        {
            iteration();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / iterations;
    }));
}
