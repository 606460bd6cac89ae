using System.Globalization;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>Measures sides in turns, so that whatever else the machine does meets all of them.</summary>
internal static class SideBySide
{
    private const int DefaultRounds = 7;

    // A turn lasts at least so long, that one number is of many iterations where they are short.
    private const double TurnSeconds = 0.4;

    // The threads of the side before spin a little, in the hope of work, before they sleep.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    /// <summary>How often each side has its turn; <c>BENCH_ROUNDS</c> asks for fewer, to try something out, or for more.</summary>
    public static int Rounds { get; } = Environment.GetEnvironmentVariable("BENCH_ROUNDS") is { Length: > 0 } rounds ? int.Parse(rounds, CultureInfo.InvariantCulture) : DefaultRounds;

    /// <summary>Runs every side once to warm it up, then all of them in <see cref="Rounds"/> rounds.</summary>
    /// <returns>For each side what it took.</returns>
    public static async Task<Times[]> MeasureAsync(params IReadOnlyList<Side> sides)
    {
        int[] iterations = new int[sides.Count];
        for (int i = 0; i < sides.Count; i++)
        {
            await sides[i].PrepareAsync();
            await sides[i].RunAsync(1);
            iterations[i] = (int)Math.Clamp(Math.Ceiling(TurnSeconds / await sides[i].RunAsync(1)), 1, 1_000_000);
        }

        List<double>[] seconds = [.. sides.Select(_ => new List<double>())];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < sides.Count; i++)
            {
                await Task.Delay(Pause);
                if (iterations[i] > 1)
                {
                    // The other side's turn has left the caches cold; a long iteration does not notice.
                    await sides[i].RunAsync(1);
                }

                seconds[i].Add(await sides[i].RunAsync(iterations[i]));
            }
        }

        return [.. seconds.Select(values => new Times(values))];
    }
}
