using System.Collections.Concurrent;
using ClipFunctions.Clip.ZeroShot;
using CsCheck;

namespace ClipFunctions.Clip.Tests.ZeroShot;

/// <summary>The cache of label vectors in random schedules of askers, cancellations and failures.</summary>
public sealed class SingleFlightScheduleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private enum Outcome
    {
        Quick,
        Slow,
        Fails,
    }

    [Fact]
    public async Task ComputesOncePerKeyAtATimeAndKeepsNoFailure()
    {
        // Which key, when to ask, when to leave (in turns of the pool; -1 for never).
        Gen<(int Key, int Pause, int Leaves)> asker = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 12], Gen.Int[-4, 8]);
        await Gen.Select(asker.Array[1, 24], Gen.Enum<Outcome>().Array[1, 8], Gen.Int[1, 3]).SampleAsync(
            (askers, outcomes, capacity) => new Schedule(outcomes, capacity).RunAsync(askers),
            iter: 300,
            threads: 1);
    }

    private sealed class Schedule(Outcome[] outcomes, int capacity)
    {
        private readonly SingleFlightCache<int, (int Key, int Run)> _cache = new(capacity);
        private readonly ConcurrentDictionary<int, CancellationToken> _active = new();
        private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);
        private readonly ConcurrentQueue<string> _faults = new();
        private int _runs;
        private int _running;

        public async Task RunAsync((int Key, int Pause, int Leaves)[] askers)
        {
            await Task.WhenAll(askers.Select(asker => Task.Run(() => AskAsync(asker.Key, asker.Pause, asker.Leaves)))).WaitAsync(Patience);
            using CancellationTokenSource limit = new(Patience);
            while (Volatile.Read(ref _running) > 0)
            {
                await Task.Delay(1, limit.Token);
            }

            Assert.Empty(_faults);
            Assert.InRange(_cache.Count, 0, capacity);

            // Whatever happened, each key can be had, and is then kept.
            for (int key = 0; key < 4; key++)
            {
                (int, int) first = await _cache.GetAsync(key, _ => (key, -1), CancellationToken.None).WaitAsync(Patience);
                Assert.Equal(key, first.Item1);
                Assert.Equal(first, await _cache.GetAsync(key, _ => (key, -2), CancellationToken.None).WaitAsync(Patience));
            }
        }

        private (int Key, int Run) Compute(int key, CancellationToken token)
        {
            int run = Interlocked.Increment(ref _runs);
            Interlocked.Increment(ref _running);
            try
            {
                if (_active.TryGetValue(key, out CancellationToken other) && !other.IsCancellationRequested)
                {
                    _faults.Enqueue($"{key} is computed twice at a time.");
                }

                _active[key] = token;
                Outcome outcome = outcomes[run % outcomes.Length];
                for (int i = 0; i < (outcome == Outcome.Slow ? 40 : 4); i++)
                {
                    Thread.Yield();
                    token.ThrowIfCancellationRequested();
                }

                if (outcome == Outcome.Fails)
                {
                    string message = $"{key} {run}";
                    _failures.TryAdd(message, 0);
                    throw new InvalidDataException(message);
                }

                return (key, run);
            }
            finally
            {
                _active.TryRemove(new KeyValuePair<int, CancellationToken>(key, token));
                Interlocked.Decrement(ref _running);
            }
        }

        private async Task AskAsync(int key, int pause, int leaves)
        {
            for (int i = 0; i < pause; i++)
            {
                await Task.Yield();
            }

            using CancellationTokenSource cancellation = new();
            int before = Volatile.Read(ref _runs);
            Task<(int Key, int Run)> answer = _cache.GetAsync(key, token => Compute(key, token), cancellation.Token);
            try
            {
                if (leaves >= 0)
                {
                    for (int i = 0; i < leaves; i++)
                    {
                        await Task.Yield();
                    }

                    await cancellation.CancelAsync();
                }

                (int Key, int Run) told = await answer.WaitAsync(Patience);
                if (told.Key != key)
                {
                    _faults.Enqueue($"{key} was answered with {told.Key}.");
                }
            }
            catch (OperationCanceledException exception)
            {
                if (leaves < 0 || exception.CancellationToken != cancellation.Token)
                {
                    _faults.Enqueue($"One who waits for {key} was cancelled by another.");
                }
            }
            catch (InvalidDataException exception)
            {
                if (!_failures.ContainsKey(exception.Message) || !exception.Message.StartsWith($"{key} ", StringComparison.Ordinal))
                {
                    _faults.Enqueue($"One who waits for {key} was told '{exception.Message}'.");
                }

                // Whoever has been told of a failure and asks again gets another try.
                int failed = int.Parse(exception.Message.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
                try
                {
                    await _cache.GetAsync(key, token => Compute(key, token), CancellationToken.None);
                }
                catch (InvalidDataException again) when (again.Message != $"{key} {failed}")
                {
                    // Another one.
                }
                catch (InvalidDataException)
                {
                    _faults.Enqueue($"The failure {failed} of {key} was kept (asked after run {before}).");
                }
            }
        }
    }
}
