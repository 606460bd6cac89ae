using System.Diagnostics;
using System.Globalization;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>Uploads pictures while hosts are killed, storage stops and requests fail; then waits, and asks the oracle.</summary>
internal static class Storm
{
    private const string SeedVariable = "CLIP_FAULT_SEED";
    private const int UploadParallelism = 8;

    /// <summary>The run's seed: <c>CLIP_FAULT_SEED</c>, else another one each time.</summary>
    public static int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out int seed) ? seed : Random.Shared.Next(1_000_000);

    /// <summary>Runs one.</summary>
    /// <param name="azurite">Its storage; a storm that stops storage needs one of its own.</param>
    /// <param name="options">What is done.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">A disturbance that was wanted never came: too few uploads for this machine.</exception>
    public static async Task<StormReport> RunAsync(AzuriteServer azurite, StormOptions options, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(cancellationToken);
        await storage.TriggerQueue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        RandomFaults faults = new(Seed, options.FaultRate, [.. options.Faults]);
        await using FaultProxy proxy = await FaultProxy.StartAsync(azurite.ConnectionString, storage.Results.Name, faults.NextAsync);
        await using Fleet fleet = new(storage.Arguments(proxy.ConnectionString));
        await fleet.StartAsync(options.Hosts);

        using CancellationTokenSource calm = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Disturbances done = new();
        faults.IsOn = true;
        Task disturbing = Task.WhenAll(KillAsync(fleet, options, calm.Token), StopStorageAsync(azurite, options, done, calm.Token));
        await UploadAllAsync(storage, options, done, cancellationToken);

        // On until nearly everything is done: what is interrupted is at work, not waiting.
        int most = storage.Present.Count * 9 / 10;
        long uploaded = Stopwatch.GetTimestamp();
        while (!disturbing.IsCompleted && Stopwatch.GetElapsedTime(uploaded).TotalSeconds < options.Patience && !await IsReachedAsync(storage, most, cancellationToken))
        {
            await Task.Delay(storage.Present.Count > 2000 ? 1000 : 200, cancellationToken);
        }

        await calm.CancelAsync();
        await disturbing;
        faults.IsOn = false;

        long calmed = Stopwatch.GetTimestamp();
        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, proxy, options.Patience, cancellationToken);
        int replayed = 0;
        if (verdict.GivenUp.Count > 0)
        {
            replayed = await storage.ReplayAsync(cancellationToken);
            (verdict, _) = await Oracle.JudgeAsync(storage, proxy, options.Patience, cancellationToken);
        }

        StormReport report = new(
            options,
            Seed,
            done.Describe(fleet, proxy),
            storage.Versions.Count,
            verdict,
            replayed,
            Stopwatch.GetElapsedTime(calmed),
            Stopwatch.GetElapsedTime(start),
            fleet.Output);
        Console.WriteLine(report.Row);
        done.MustHaveCome(options, fleet, proxy);
        Console.WriteLine($"  seed {Seed}, {report.Duration.TotalSeconds:F0} s: {verdict}");
        return report;
    }

    /// <summary>Fails, with all that is known, unless everything is as if nothing had happened.</summary>
    public static void AssertNothingLostOrDoubled(StormReport report) => Assert.True(
        report.Verdict.IsPerfect,
        $"{report.Row}\nseed {report.Seed} ({SeedVariable}): {report.Verdict}\n{string.Join('\n', report.Verdict.Wrong)}\n{Tail(report.HostOutput)}");

    private static string Tail(string output) => output.Length > 20_000 ? output[^20_000..] : output;

    private static async Task UploadAllAsync(TestStorage storage, StormOptions options, Disturbances done, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, options.Uploads),
            new ParallelOptions { MaxDegreeOfParallelism = UploadParallelism, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                TimeSpan early = TimeSpan.FromSeconds((double)i / options.UploadsPerSecond) - Stopwatch.GetElapsedTime(start);
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, token);
                }

                Random random = new(HashCode.Combine(Seed, i));
                string name = $"{i % 7}/{i:d5}.jpg";
                UploadEvent first = await storage.UploadAsync(name, i % Gallery.Count, token);
                if (random.NextDouble() < options.Repeats)
                {
                    await storage.SendAsync(first, token);
                    done.Repeat();
                }

                if (random.NextDouble() < options.Changes)
                {
                    // Mostly while it is being tagged.
                    await Task.Delay(random.Next(600), token);
                    await storage.UploadAsync(name, random.Next(Gallery.Count), token);
                    done.Change();
                    if (random.Next(4) == 0)
                    {
                        await Task.Delay(random.Next(600), token);
                        await storage.DeleteAsync(name, token);
                    }

                    // An event that is too late by now.
                    await storage.SendAsync(first, token);
                }
            });
    }

    private static async Task KillAsync(Fleet fleet, StormOptions options, CancellationToken calm)
    {
        if (options.KillEvery is not { } longest)
        {
            await UntilAsync(calm);
            return;
        }

        Random random = new(HashCode.Combine(Seed, "kills".Length));
        while (await PauseAsync(random, longest, calm))
        {
            await fleet.ReplaceAsync(random.Next(fleet.Hosts.Count));
        }
    }

    private static async Task StopStorageAsync(AzuriteServer azurite, StormOptions options, Disturbances done, CancellationToken calm)
    {
        if (options.StopStorageEvery is not { } longest)
        {
            await UntilAsync(calm);
            return;
        }

        Random random = new(HashCode.Combine(Seed, "storage".Length));
        while (await PauseAsync(random, longest, calm))
        {
            if (random.Next(2) == 0)
            {
                await azurite.TerminateAsync();
                await Task.Delay(random.Next(2000), CancellationToken.None);
                await azurite.StartAsync();
                done.Stop();
            }
            else
            {
                await azurite.PauseAsync();
                await Task.Delay(random.Next(500, 3000), CancellationToken.None);
                await azurite.ResumeAsync();
                done.Hang();
            }
        }
    }

    private static async Task<bool> IsReachedAsync(TestStorage storage, int tagged, CancellationToken cancellationToken)
    {
        try
        {
            return await Oracle.CountTaggedAsync(storage, cancellationToken) >= tagged;
        }
        catch (Exception exception) when (exception is Azure.RequestFailedException or AggregateException)
        {
            return false;
        }
    }

    private static async Task<bool> PauseAsync(Random random, TimeSpan longest, CancellationToken calm)
    {
        await Task.Delay(longest * (0.3 + (0.7 * random.NextDouble())), calm).ContinueWith(_ => { }, TaskScheduler.Default);
        return !calm.IsCancellationRequested;
    }

    private static Task UntilAsync(CancellationToken calm) =>
        Task.Delay(Timeout.Infinite, calm).ContinueWith(_ => { }, TaskScheduler.Default);

    private sealed class Disturbances
    {
        private int _stops;
        private int _hangs;
        private int _changes;
        private int _repeats;

        public void Stop() => _stops++;

        public void Hang() => _hangs++;

        public void Change() => Interlocked.Increment(ref _changes);

        public void Repeat() => Interlocked.Increment(ref _repeats);

        // A storm without what it is called after would show nothing.
        public void MustHaveCome(StormOptions options, Fleet fleet, FaultProxy proxy)
        {
            (bool Wanted, int Count, string What)[] all =
            [
                (options.KillEvery is not null, fleet.Kills, "host was killed"),
                (options.StopStorageEvery is not null, _stops + _hangs, "stop of storage came"),
                (options.FaultRate > 0, proxy.Injected.Values.Sum(), "storage fault came"),
                (options.Changes > 0, _changes, "picture was replaced"),
                (options.Repeats > 0, _repeats, "event came twice"),
            ];
            string[] missing = [.. all.Where(kind => kind.Wanted && kind.Count == 0).Select(kind => $"no {kind.What}")];
            if (missing.Length > 0)
            {
                throw new InvalidOperationException($"The storm '{options.Name}' of {options.Uploads} uploads was over too soon: {string.Join(", ", missing)}. Give it more uploads.");
            }
        }

        public string Describe(Fleet fleet, FaultProxy proxy)
        {
            int faults = proxy.Injected.Values.Sum();
            (int Count, string What)[] all = [(fleet.Kills, "kills"), (_stops, "restarts of storage"), (_hangs, "hangs of storage"), (faults, "storage faults"), (_changes, "replaced or deleted"), (_repeats, "events twice")];
            return string.Join(", ", all.Where(entry => entry.Count > 0).Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Count:N0} {entry.What}")));
        }
    }
}
