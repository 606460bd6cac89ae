using System.Collections.Concurrent;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>Hosts that share the work, and fall.</summary>
/// <param name="arguments">Of each host.</param>
internal sealed class Fleet(IReadOnlyList<string> arguments) : IAsyncDisposable
{
    private readonly List<LocalHostProcess> _hosts = [];
    private readonly ConcurrentQueue<string> _lastWords = new();

    /// <summary>How many were killed.</summary>
    public int Kills { get; private set; }

    /// <summary>The hosts.</summary>
    public IReadOnlyList<LocalHostProcess> Hosts => _hosts;

    /// <summary>What all have printed, the dead too.</summary>
    public string Output => string.Join('\n', _lastWords.Concat(_hosts.Select(host => host.Output)));

    /// <summary>Starts hosts until there are so many, and waits until they are ready.</summary>
    public async Task StartAsync(int count)
    {
        _hosts.AddRange(await Task.WhenAll(Enumerable.Range(_hosts.Count, Math.Max(0, count - _hosts.Count)).Select(_ => LocalHostProcess.StartAsync(arguments))));
    }

    /// <summary>Kills one, and starts another in its place without waiting for it.</summary>
    public async Task ReplaceAsync(int index)
    {
        LocalHostProcess victim = _hosts[index];
        await victim.KillAsync();
        Kills++;
        _lastWords.Enqueue(victim.Output);
        await victim.DisposeAsync();
        _hosts[index] = LocalHostProcess.Launch(arguments);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (LocalHostProcess host in _hosts)
        {
            await host.DisposeAsync();
        }
    }
}
