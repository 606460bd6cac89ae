using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ClipFunctions.LocalHost.Evaluations;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Telemetry;
using ClipFunctions.Pipeline.Uploads;
using ClipFunctions.Reliability.Tests.Faults;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ClipFunctions.Reliability.Tests.Clocks;

/// <summary>Clocks that are set while the pipeline runs; that storage refuses a host whose clock is wrong is in <see cref="Storage.OutageTests"/>.</summary>
public sealed class ClockJumpTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AJumpingClockChangesNoResultAndNoMeasurementBelowZero()
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        await storage.CreateAsync(Token);
        await storage.TriggerQueue.CreateIfNotExistsAsync(cancellationToken: Token);
        await using FaultProxy proxy = await FaultProxy.StartAsync(azurite.ConnectionString, storage.Results.Name, _ => ValueTask.FromResult(StorageFault.None));
        await using ServiceProvider services = storage.Pipeline(proxy.ConnectionString, (added, settings) =>
        {
            added.AddSingleton<TimeProvider>(new JumpingClock(Storm.Seed));
            settings["Clip:IdleMinutes"] = "1";
        });
        ConcurrentQueue<double> ages = [];
        IMeterFactory meters = services.GetRequiredService<IMeterFactory>();
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Meter.Name == PipelineTelemetry.Name && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => ages.Enqueue(value));
        listener.Start();
        UploadTagger tagger = services.GetRequiredService<UploadTagger>();

        await Parallel.ForEachAsync(Enumerable.Range(0, 24), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (i, token) =>
        {
            UploadEvent upload = await storage.UploadAsync($"{i}.jpg", i, token);
            await tagger.TagAsync(upload, token);
            await tagger.TagAsync(upload, token);
        });

        (Verdict verdict, _) = await Oracle.JudgeAsync(storage, proxy, 1, Token);
        Assert.True(verdict.IsPerfect, $"seed {Storm.Seed}: {verdict}\n{string.Join('\n', verdict.Wrong)}");
        Assert.NotEmpty(ages);
        Assert.All(ages, age => Assert.InRange(age, 0, double.MaxValue));
    }

    [Fact]
    public async Task AScheduleStandsAClockThatIsSetForwardAndBack()
    {
        await using TestStorage storage = new(azurite.ConnectionString);
        FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 30, TimeSpan.Zero));
        await using ServiceProvider services = storage.Pipeline(storage.Connection, (added, settings) =>
        {
            added.AddSingleton<TimeProvider>(clock);
            settings[EvaluationSchedule.CronSetting] = "0 0 3 1 1 *";
            settings["Clip:Schedule:0:Dataset"] = "drawn";
        });
        EvaluationStore runs = services.GetRequiredService<EvaluationStore>();
        using ScheduleService schedule = new(services.GetRequiredService<EvaluationSchedule>(), clock, NullLogger<ScheduleService>.Instance);
        await schedule.StartAsync(Token);
        async Task<bool> StartedAsync(int year) => await runs.StatusAsync($"{year}0101-030000-scheduled-0", Token) is not null;
        async Task StepAsync(TimeSpan time)
        {
            clock.Advance(time);
            await Task.Delay(50, Token);
        }

        // The next one is three hours away; after it a year, longer than any timer.
        for (int i = 0; i < 181; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(5, Token);
        }

        await Wait.UntilAsync(() => StartedAsync(2026), "the first run starts", () => "");
        await StepAsync(TimeSpan.FromMinutes(1));

        // Five years forward: one run, not five.
        await StepAsync(TimeSpan.FromDays(5 * 366));
        await Wait.UntilAsync(() => StartedAsync(2027), "the run that is due starts", () => "");
        await StepAsync(TimeSpan.FromMinutes(1));
        Assert.False(await StartedAsync(2028));

        // A year and a half back: the next one is again before the time that was.
        clock.AdjustTime(new DateTimeOffset(2029, 6, 1, 0, 0, 0, TimeSpan.Zero));
        for (int i = 0; i < 5; i++)
        {
            await StepAsync(TimeSpan.FromMinutes(1));
        }

        await StepAsync(TimeSpan.FromDays(216));
        await Wait.UntilAsync(() => StartedAsync(2030), "the run after the step back starts", () => "");
        Assert.False(schedule.ExecuteTask!.IsCompleted);
        await schedule.StopAsync(Token);
    }
}
