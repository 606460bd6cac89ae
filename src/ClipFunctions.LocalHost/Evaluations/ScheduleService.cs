using ClipFunctions.Pipeline.Evaluations;

namespace ClipFunctions.LocalHost.Evaluations;

/// <summary>Plays the part of the Functions' timer: ticks by the schedule and starts its runs.</summary>
public sealed partial class ScheduleService(EvaluationSchedule schedule, TimeProvider time, ILogger<ScheduleService> logger) : BackgroundService
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DateTimeOffset from = time.GetUtcNow();
        while (schedule.NextAfter(from) is { } due)
        {
            // In short steps: the clock may be set meanwhile, and a timer takes no more than 49 days.
            TimeSpan wait = due - time.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait < LongestWait ? wait : LongestWait, time, stoppingToken);
                DateTimeOffset now = time.GetUtcNow();
                if (now < due)
                {
                    // Set back, it shows again what was over: runs have ids made of their tick, so that each starts once.
                    from = now < from ? now : from;
                    continue;
                }
            }

            try
            {
                await schedule.TickAsync(due, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception, due);
            }

            // Ticks that were missed, because the clock was set forward, are not made up for.
            DateTimeOffset after = time.GetUtcNow();
            from = after > due ? after : due;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The evaluations due at {Due} could not be started")]
    private partial void LogFailed(Exception exception, DateTimeOffset due);
}
