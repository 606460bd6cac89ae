using System.Diagnostics;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>Waits, within bounds.</summary>
internal static class Wait
{
    /// <summary>Waits until a condition holds; fails with what <paramref name="tell"/> says.</summary>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> UntilAsync(Func<Task<bool>> condition, string what, Func<string> tell, int seconds = 60)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > seconds)
            {
                Assert.Fail($"Not within {seconds} s: {what}.\n{tell()}");
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        return Stopwatch.GetElapsedTime(start);
    }
}
