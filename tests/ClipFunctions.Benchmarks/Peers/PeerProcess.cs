using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>A peer in a process of its own that lives as long as the measurement and answers one JSON object a line with another.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;

    private PeerProcess(string name, Process process)
    {
        Name = name;
        _process = process;
    }

    /// <summary>What the tables call it.</summary>
    public string Name { get; }

    /// <summary>Its parts and their versions.</summary>
    public string Versions { get; private set; } = "";

    /// <summary>Starts openai/CLIP; null, with a line that says why, where it cannot be had.</summary>
    public static Task<PeerProcess?> StartOpenAiAsync() => Environment.GetEnvironmentVariable("PEER_PYTHON") is { Length: > 0 } python
        ? StartAsync("openai/CLIP", Python(python, "openai_worker.py", Threads))
        : NotInstalled("openai/CLIP");

    /// <summary>Starts transformers.js and sharp; null, with a line that says why, where they cannot be had.</summary>
    public static Task<PeerProcess?> StartNodeAsync() => Environment.GetEnvironmentVariable("PEER_NODE") is { Length: > 0 } node
        ? StartAsync("transformers.js", new ProcessStartInfo(node, [Script("node_worker.mjs"), Environment.GetEnvironmentVariable("PEER_NODE_MODULES") ?? "", Threads]))
        : NotInstalled("transformers.js and sharp");

    /// <summary>A Python program beside this one, with the peer's packages and threads.</summary>
    public static ProcessStartInfo Python(string python, string script, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(python, [Script(script), .. arguments]);
        start.Environment["PYTHONPATH"] = Environment.GetEnvironmentVariable("PEER_PYTHONPATH");
        start.Environment["PYTHONWARNINGS"] = "ignore";
        foreach (string variable in (string[])["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
        {
            start.Environment[variable] = Threads;
        }

        return start;
    }

    /// <summary>As many threads as there are cores, as this code takes by default.</summary>
    public static string Threads => Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);

    /// <summary>Asks and waits for the answer.</summary>
    /// <exception cref="PeerException">The peer failed, ended, or took too long.</exception>
    public async Task<JsonElement> AskAsync(object request)
    {
        using CancellationTokenSource limit = new(Patience);
        try
        {
            await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request).AsMemory(), limit.Token);
            await _process.StandardInput.FlushAsync(limit.Token);
            string line = await _process.StandardOutput.ReadLineAsync(limit.Token) ?? throw new PeerException($"{Name} ended.");
            JsonElement answer = JsonSerializer.Deserialize<JsonElement>(line);
            return answer.TryGetProperty("error", out JsonElement error) ? throw new PeerException($"{Name}: {error.GetString()}") : answer;
        }
        catch (OperationCanceledException)
        {
            throw new PeerException($"{Name} gave no answer within {Patience}.");
        }
        catch (IOException exception)
        {
            throw new PeerException($"{Name} ended: {exception.Message}");
        }
    }

    /// <summary>A case of the peer's that is measured; <paramref name="request"/> has its <c>kind</c> and what that needs.</summary>
    public Side Side(object request) => new(
        Name,
        () => AskAsync(Merge(request, new { op = "prepare" })),
        async iterations => (await AskAsync(new { op = "run", iterations })).GetProperty("seconds").GetDouble());

    /// <summary>What the last iteration gave.</summary>
    public async Task<byte[]> ResultAsync()
    {
        string path = Path.GetTempFileName();
        try
        {
            await AskAsync(new { op = "save", output = path });
            return await File.ReadAllBytesAsync(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static async Task<PeerProcess?> StartAsync(string name, ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.StandardInputEncoding = new UTF8Encoding(false);
        PeerProcess peer = new(name, Process.Start(start) ?? throw new PeerException($"{start.FileName} could not be started."));
        try
        {
            peer.Versions = (await peer.AskAsync(new { op = "versions" })).GetProperty("text").GetString()!;
            return peer;
        }
        catch (PeerException exception)
        {
            await peer.DisposeAsync();
            Console.WriteLine($"Without {name}: {exception.Message}");
            return null;
        }
    }

    private static Task<PeerProcess?> NotInstalled(string name)
    {
        Console.WriteLine($"Without {name}: not installed (./bench.sh installs it where it can be had).");
        return Task.FromResult<PeerProcess?>(null);
    }

    private static Dictionary<string, JsonElement> Merge(params object[] parts) => parts
        .SelectMany(part => JsonSerializer.SerializeToElement(part).EnumerateObject())
        .ToDictionary(property => property.Name, property => property.Value);

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Peers", name);
}
