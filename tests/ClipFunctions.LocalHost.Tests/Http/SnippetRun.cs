using System.Diagnostics;
using System.Text;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>A program that ran to its end, or was ended.</summary>
/// <param name="ExitCode">Its code.</param>
/// <param name="Output">What it wrote to the standard output.</param>
/// <param name="Error">What it wrote to the standard error.</param>
internal sealed record SnippetRun(int ExitCode, string Output, string Error)
{
    /// <summary>Runs a program in the repository's root, with <c>CLIP</c> set, within a time.</summary>
    public static async Task<SnippetRun> StartAsync(string address, TimeSpan limit, string program, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = RepositoryPaths.Root,
            Environment =
            {
                ["CLIP"] = address,
                ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
                ["DOTNET_NOLOGO"] = "1",

                // Servers of the build would outlive it and hold the output open.
                ["MSBUILDDISABLENODEREUSE"] = "1",
                ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
                ["UseSharedCompilation"] = "false",
            },
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started.");
        StringBuilder output = new();
        StringBuilder error = new();
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"Not done within {limit.TotalSeconds} s: {program} {string.Join(' ', arguments)}\n{output}\n{error}");
        }

        return new SnippetRun(process.ExitCode, output.ToString(), error.ToString());
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.AppendLine(line);
            }
        }
    }
}
