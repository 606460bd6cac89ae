using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace ClipFunctions.Testing;

/// <summary>
/// Azurite as a process of its own on free ports, with its data in a temporary folder; shared by the tests of an assembly
/// (<c>[assembly: AssemblyFixture(typeof(AzuriteServer))]</c>), each of which works in containers of its own.
/// </summary>
public sealed class AzuriteServer : IAsyncLifetime
{
    // Azurite's published account and key, the same on every machine.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private Process? _process;
    private string _folder = "";
    private int _blobPort;
    private int _queuePort;

    /// <summary>Opens it with the storage SDK.</summary>
    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};" +
        $"BlobEndpoint=http://127.0.0.1:{_blobPort}/{Account};QueueEndpoint=http://127.0.0.1:{_queuePort}/{Account}";

    /// <summary>Its working set in bytes.</summary>
    public long WorkingSet
    {
        get
        {
            Process process = _process ?? throw new InvalidOperationException("Azurite does not run.");
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Processor time that it has taken since it was last started.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            Process process = _process ?? throw new InvalidOperationException("Azurite does not run.");
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Starts it.</summary>
    public async ValueTask InitializeAsync()
    {
        _blobPort = FreePort();
        _queuePort = FreePort();
        await StartAsync();
    }

    /// <summary>Starts it, also after <see cref="Stop"/>: on the same ports, with the data it had.</summary>
    public async Task StartAsync()
    {
        string script = Path.Combine(RepositoryPaths.Root, "eng", "azurite", "node_modules", "azurite", "dist", "src", "azurite.js");
        if (!File.Exists(script))
        {
            throw new FileNotFoundException($"Azurite is not installed ({script}): run ./test.sh, or 'npm ci' in eng/azurite.");
        }

        if (_folder.Length == 0)
        {
            _folder = Directory.CreateTempSubdirectory("azurite-").FullName;
        }

        ProcessStartInfo start = new("node")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder,
        };
        foreach (string argument in (string[])[
            script, "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", _folder,
            "--blobPort", $"{_blobPort}", "--queuePort", $"{_queuePort}", "--tablePort", "0"])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException("node could not be started.");
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await ListensAsync(_blobPort);
        await ListensAsync(_queuePort);
    }

    /// <summary>Ends it at once.</summary>
    public void Stop()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
    }

    /// <summary>SIGTERM: it writes down what it has answered for, then ends. Killed, it would lose the last seconds, which storage never does.</summary>
    public async Task TerminateAsync()
    {
        if (_process is { } process)
        {
            await SignalAsync(process, "TERM");
            using CancellationTokenSource limit = new(Patience);
            await process.WaitForExitAsync(limit.Token);
            _process = null;
            process.Dispose();
        }
    }

    /// <summary>SIGSTOP: it takes connections and answers nothing.</summary>
    public Task PauseAsync() => SignalAsync(_process!, "STOP");

    /// <summary>SIGCONT: it goes on after <see cref="PauseAsync"/>.</summary>
    public Task ResumeAsync() => SignalAsync(_process!, "CONT");

    /// <summary>Ends it and removes its data.</summary>
    public ValueTask DisposeAsync()
    {
        Stop();
        if (_folder.Length > 0)
        {
            Directory.Delete(_folder, recursive: true);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>A port that nothing listens on now.</summary>
    public static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    private async Task ListensAsync(int port)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(start) < Patience && _process is { HasExited: false })
            {
                await Task.Delay(50);
            }
        }
    }
}
