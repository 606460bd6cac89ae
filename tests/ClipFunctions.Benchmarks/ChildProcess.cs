using System.Diagnostics;
using System.Globalization;

namespace ClipFunctions.Benchmarks;

/// <summary>This program again, for one measurement in a process of its own.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a command of this program that prints numbers on one line.</summary>
    public static Task<double[]> RunAsync(params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new("dotnet");
        start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return RunAsync(start);
    }

    /// <summary>Runs any command that prints numbers on one line.</summary>
    public static async Task<double[]> RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} could not be started.");
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? [.. output.Trim().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException($"'{start.FileName} {string.Join(' ', start.ArgumentList)}' ended with code {process.ExitCode}.");
    }

    /// <summary>A number of <c>/proc/self/status</c>, in kilobytes.</summary>
    public static long Status(string key) => long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith($"{key}:", StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
