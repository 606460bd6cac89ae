using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Xunit;

namespace ClipFunctions.Testing;

/// <summary>The local host as a process of its own, as users run it; its assembly must stand beside the caller's.</summary>
public sealed class LocalHostProcess : IAsyncDisposable
{
    private const string UrlsArgument = "--Urls=";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly HttpClient _http = new();

    private LocalHostProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>The process's id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>What it has printed.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Starts a host and waits until it is ready; on a free port, unless an argument says <c>--Urls=…</c> (the first is waited on).</summary>
    public static Task<LocalHostProcess> StartAsync(params IEnumerable<string> arguments) => StartAsync(new Dictionary<string, string>(), arguments);

    /// <summary>The same with environment variables of its own.</summary>
    public static async Task<LocalHostProcess> StartAsync(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        LocalHostProcess host = Launch(environment, arguments);
        try
        {
            await host.ReadyAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a host and waits for nothing.</summary>
    public static LocalHostProcess Launch(params IEnumerable<string> arguments) => Launch(new Dictionary<string, string>(), arguments);

    private static LocalHostProcess Launch(IReadOnlyDictionary<string, string> environment, IEnumerable<string> arguments)
    {
        arguments = [.. arguments];
        string urls = arguments.FirstOrDefault(argument => argument.StartsWith(UrlsArgument, StringComparison.Ordinal)) is { } given
            ? given[UrlsArgument.Length..]
            : $"http://127.0.0.1:{AzuriteServer.FreePort()}";
        Uri address = new(urls.Split(';')[0].Replace("*", "127.0.0.1", StringComparison.Ordinal));
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = RepositoryPaths.Root,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ClipFunctions.LocalHost.dll"));
        start.ArgumentList.Add(UrlsArgument + urls);
        foreach (string argument in arguments.Where(argument => !argument.StartsWith(UrlsArgument, StringComparison.Ordinal)))
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new LocalHostProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet could not be started."), address);
    }

    /// <summary>The status that a path answers with.</summary>
    public async Task<HttpStatusCode> GetAsync(string path) =>
        (await _http.GetAsync(new Uri(Address, path), TestContext.Current.CancellationToken)).StatusCode;

    /// <summary>The body that a path answers with.</summary>
    public Task<string> GetStringAsync(string path) => _http.GetStringAsync(new Uri(Address, path), TestContext.Current.CancellationToken);

    /// <summary>SIGKILL: nothing is tidied up.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits, within bounds, for its end.</summary>
    public async Task<int> ExitAsync()
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Ends it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _http.Dispose();
    }

    private void Add(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
        }
    }

    private async Task ReadyAsync()
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new InvalidOperationException($"The local host did not become ready:\n{Output}");
            }

            try
            {
                if (await GetAsync("api/health/ready") == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
