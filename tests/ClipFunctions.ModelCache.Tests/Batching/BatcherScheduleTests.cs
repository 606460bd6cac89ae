using System.Buffers;
using System.Collections.Concurrent;
using ClipFunctions.ModelCaching.Batching;
using CsCheck;

namespace ClipFunctions.ModelCaching.Tests.Batching;

/// <summary>The batcher with pooled buffers, as pictures have them, in random schedules: who comes when, leaves when, and what fails.</summary>
public sealed class BatcherScheduleTests
{
    private const int Width = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private enum Fate
    {
        Answered,
        Poison,
        CancelledBefore,
        CancelledWhileWaiting,
        CancelledWhileRunning,
        NeverComes,
    }

    [Fact]
    public async Task NobodyReadsABufferThatIsAnothersAlready()
    {
        Gen<Request> request = Gen.Select(Gen.Enum<Fate>().Array[1, 4], Gen.Int[0, 6], Gen.Int[1, 3], Gen.Bool, (fates, pause, cost, allAtOnce) => new Request(fates, pause, cost, allAtOnce));
        await Gen.Select(request.Array[1, 16], Gen.Int[1, 8], Gen.Int[0, 2]).SampleAsync(
            (requests, maxCost, delay) => new Schedule(requests, maxCost, delay).RunAsync(),
            iter: 1000,
            threads: 1);
    }

    /// <summary>One caller: as many items as fates, in one reservation.</summary>
    private sealed record Request(Fate[] Fates, int Pause, int Cost, bool AllAtOnce)
    {
        public override string ToString() => $"[{string.Join(' ', Fates)}] after {Pause}, cost {Cost}{(AllAtOnce ? ", at once" : "")}";
    }

    private sealed class Asked(int id, Fate fate)
    {
        private int _released;

        public int Id { get; } = id;

        public Fate Fate { get; } = fate;

        /// <summary>Set before the caller cancels: a run may only be stopped when all of its batch have it.</summary>
        public volatile bool HasLeft;

        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int[] Buffer { get; } = ArrayPool<int>.Shared.Rent(Width);

        public int Released => Volatile.Read(ref _released);

        // What the batcher gives back is used by others at once: here, overwritten.
        public void Release()
        {
            Interlocked.Increment(ref _released);
            Buffer.AsSpan(0, Width).Fill(-1);
            ArrayPool<int>.Shared.Return(Buffer);
        }
    }

    private sealed class Schedule(Request[] requests, int maxCost, int delay)
    {
        private readonly ConcurrentQueue<string> _faults = new();
        private readonly ConcurrentBag<Asked> _all = [];
        private int _running;

        public async Task RunAsync()
        {
            DynamicBatcher<Asked> batcher = new(new BatcherSettings<Asked>
            {
                What = "items",
                Capacity = 1000,
                MaxCost = maxCost,
                MaxDelay = TimeSpan.FromMilliseconds(delay),
                Release = item => item.Release(),
                Run = Run,
            });

            await Task.WhenAll(requests.Select((request, number) => Task.Run(() => AskAsync(batcher, request, number)))).WaitAsync(Patience);

            // The last run may still be stopping: its callers have left.
            using CancellationTokenSource limit = new(Patience);
            while (batcher.Pending > 0 || Volatile.Read(ref _running) > 0 || _all.Any(item => item.Released == 0))
            {
                await Task.Delay(1, limit.Token);
            }

            Assert.Empty(_faults);
            Assert.All(_all, item => Assert.Equal(1, item.Released));
        }

        private ReadOnlyMemory<float>[] Run(IReadOnlyList<Asked> batch, CancellationToken token)
        {
            if (Interlocked.Increment(ref _running) != 1)
            {
                _faults.Enqueue("Two runs at a time.");
            }

            try
            {
                foreach (Asked item in batch)
                {
                    item.Started.TrySetResult();
                }

                int[] seen = [.. batch.Select(item => item.Buffer[0])];
                for (int round = 0; round < 20; round++)
                {
                    Thread.Yield();
                    for (int i = 0; i < batch.Count; i++)
                    {
                        if (batch[i].Buffer.AsSpan(0, Width).ContainsAnyExcept(batch[i].Id) || batch[i].Released > 0)
                        {
                            _faults.Enqueue($"The buffer of {batch[i].Id} was another's while it was read.");
                        }
                    }

                    if (token.IsCancellationRequested)
                    {
                        if (batch.FirstOrDefault(item => !item.HasLeft) is { } present)
                        {
                            _faults.Enqueue($"The run was stopped, though {present.Id} waits for it.");
                        }

                        throw new OperationCanceledException(token);
                    }
                }

                return batch.Any(item => item.Fate == Fate.Poison)
                    ? throw new InvalidDataException(string.Join(' ', batch.Where(item => item.Fate == Fate.Poison).Select(item => item.Id)))
                    : [.. seen.Select(id => new ReadOnlyMemory<float>([id]))];
            }
            finally
            {
                Interlocked.Decrement(ref _running);
            }
        }

        private async Task AskAsync(DynamicBatcher<Asked> batcher, Request request, int number)
        {
            for (int i = 0; i < request.Pause; i++)
            {
                await Task.Yield();
            }

            using DynamicBatcher<Asked>.Reservation places = batcher.Reserve(request.Fates.Length, QueueAdmission.IfRoom);
            List<Task> answers = [];
            for (int i = 0; i < request.Fates.Length; i++)
            {
                if (request.Fates[i] == Fate.NeverComes)
                {
                    places.GiveUpOne();
                    continue;
                }

                Task answer = OneAsync(places, new Asked((number * 10) + i, request.Fates[i]), request.Cost);
                answers.Add(answer);
                if (!request.AllAtOnce)
                {
                    await answer;
                }
            }

            await Task.WhenAll(answers);
        }

        private async Task OneAsync(DynamicBatcher<Asked>.Reservation places, Asked item, int cost)
        {
            _all.Add(item);
            item.Buffer.AsSpan(0, Width).Fill(item.Id);
            using CancellationTokenSource cancellation = new();
            async Task LeaveAsync()
            {
                item.HasLeft = true;
                await cancellation.CancelAsync();
            }

            if (item.Fate == Fate.CancelledBefore)
            {
                await LeaveAsync();
            }

            Task<ReadOnlyMemory<float>> answer = places.Enqueue(item, cost, cancellation.Token);
            if (item.Fate == Fate.CancelledWhileWaiting)
            {
                await LeaveAsync();
            }
            else if (item.Fate == Fate.CancelledWhileRunning)
            {
                await item.Started.Task.WaitAsync(Patience);
                await LeaveAsync();
            }

            try
            {
                float told = (await answer.WaitAsync(Patience)).Span[0];
                if (told != item.Id || item.Fate is Fate.Poison or Fate.CancelledBefore)
                {
                    _faults.Enqueue($"{item.Id} ({item.Fate}) was answered with {told}.");
                }
            }
            catch (InvalidDataException exception)
            {
                if (item.Fate != Fate.Poison || exception.Message != $"{item.Id}")
                {
                    _faults.Enqueue($"{item.Id} ({item.Fate}) was told the fault of {exception.Message}.");
                }
            }
            catch (OperationCanceledException exception)
            {
                if (!item.HasLeft || exception.CancellationToken != cancellation.Token)
                {
                    _faults.Enqueue($"{item.Id} ({item.Fate}) was cancelled by another.");
                }
            }
        }
    }
}
