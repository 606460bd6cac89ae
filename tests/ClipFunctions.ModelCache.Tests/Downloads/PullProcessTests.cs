using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

/// <summary>What processes of one machine do to one another.</summary>
public sealed class PullProcessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoProcessesPullingAtOnceDownloadOnce()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        TaskCompletionSource gate = new();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Gate = gate.Task, GateAt = PublishedModel.Bytes.Length / 2 });
        await using PullProcess first = await PullProcess.StartAsync(model);
        await using PullProcess second = await PullProcess.StartAsync(model);

        // The download goes on only when the one who has not begun it waits.
        await PullProcess.SaysAsync("waiting", first, second);
        gate.SetResult();
        string[] made = [await first.MadeAsync(), await second.MadeAsync()];

        Assert.Equal(made[0], made[1]);
        HubRequest body = Assert.Single(model.Server.Bodies(PublishedModel.Checkpoint));
        Assert.Equal(PublishedModel.Bytes.Length, body.Sent);
        Assert.Single(new[] { first, second }, process => process.Output.Any(line => line.StartsWith("converting", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AKilledProcessLeavesItsLockAndItsBytesToTheNext()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        TaskCompletionSource never = new();
        int part = PublishedModel.Bytes.Length / 10 * 6;
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { Gate = never.Task, GateAt = part });
        await using (PullProcess first = await PullProcess.StartAsync(model))
        {
            await model.ArrivedAsync(part);
            first.Kill();
        }

        Assert.NotNull(await model.PullAsync(PublishedModel.Entry()));

        never.SetResult();
        Assert.Equal($"bytes={part}-", model.Server.Bodies(PublishedModel.Checkpoint)[1].Range);
        Assert.Equal(PublishedModel.Bytes.Length - part, model.Server.Bodies(PublishedModel.Checkpoint)[1].Sent);
    }

    private sealed class PullProcess : IAsyncDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        private readonly Process _process;
        private readonly ConcurrentQueue<string> _output = new();

        private PullProcess(Process process)
        {
            _process = process;
            process.OutputDataReceived += (_, line) => Add(line.Data);
            process.ErrorDataReceived += (_, line) => Add(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public IReadOnlyList<string> Output => [.. _output];

        public static async Task<PullProcess> StartAsync(PublishedModel model)
        {
            string entry = Path.Combine(model.CacheDirectory, "entry.json");
            if (!File.Exists(entry))
            {
                await File.WriteAllBytesAsync(entry, JsonSerializer.SerializeToUtf8Bytes(PublishedModel.Entry()), Token);
            }

            ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string argument in (string[])[Path.Combine(AppContext.BaseDirectory, "ClipFunctions.ModelCache.PullProcess.dll"), model.Server.Address.AbsoluteUri, model.CacheDirectory, entry])
            {
                start.ArgumentList.Add(argument);
            }

            return new PullProcess(Process.Start(start) ?? throw new InvalidOperationException("dotnet could not be started."));
        }

        /// <summary>Waits, within bounds, until one of the processes says something.</summary>
        public static async Task SaysAsync(string what, params PullProcess[] processes)
        {
            long start = Stopwatch.GetTimestamp();
            while (!processes.Any(process => process._output.Any(line => line.StartsWith(what, StringComparison.Ordinal))))
            {
                Assert.True(
                    Stopwatch.GetElapsedTime(start) < Patience && !processes.Any(process => process._process.HasExited),
                    $"Nobody said '{what}':\n{string.Join('\n', processes.SelectMany(process => process._output))}");
                await Task.Delay(20, Token);
            }
        }

        /// <summary>The fingerprint of the bundle that it has made or found.</summary>
        public async Task<string> MadeAsync()
        {
            await _process.WaitForExitAsync(Token).WaitAsync(Patience, Token);
            Assert.True(_process.ExitCode == 0, string.Join('\n', _output));
            return Assert.Single(_output, line => line.StartsWith("made ", StringComparison.Ordinal));
        }

        public void Kill() => _process.Kill();

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            await _process.WaitForExitAsync(CancellationToken.None);
            _process.Dispose();
        }

        private void Add(string? line)
        {
            if (line is not null)
            {
                _output.Enqueue(line);
            }
        }
    }
}
