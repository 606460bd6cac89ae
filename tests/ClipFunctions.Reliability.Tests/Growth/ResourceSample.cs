using System.Diagnostics;
using System.Globalization;

namespace ClipFunctions.Reliability.Tests.Growth;

/// <summary>What a process holds at a moment, as Linux tells it.</summary>
/// <param name="Time">Seconds since the first sample.</param>
/// <param name="WorkingSet">MB of memory that is in use (<c>VmRSS</c>).</param>
/// <param name="Private">MB of it that belong to no file: the managed heap and all native memory (<c>RssAnon</c>).</param>
/// <param name="Handles">Open files and sockets.</param>
/// <param name="Threads">Threads.</param>
internal sealed record ResourceSample(double Time, double WorkingSet, double Private, double Handles, double Threads)
{
    /// <summary>Looks at a process.</summary>
    public static ResourceSample Take(int processId, long start)
    {
        Dictionary<string, double> status = File.ReadLines($"/proc/{processId}/status")
            .Select(line => line.Split([':', '\t', ' '], StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => parts is ["VmRSS" or "RssAnon" or "Threads", ..])
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
        return new ResourceSample(
            Stopwatch.GetElapsedTime(start).TotalSeconds,
            status["VmRSS"] / 1024,
            status["RssAnon"] / 1024,
            Directory.GetFiles($"/proc/{processId}/fd").Length,
            status["Threads"]);
    }
}
