using ClipFunctions.Pipeline.Evaluations;

namespace ClipFunctions.LocalHost.Evaluations;

/// <summary>Plays the part of the Functions' timer: ticks by the schedule and starts its runs.</summary>
public sealed partial class ScheduleService(EvaluationSchedule schedule, TimeProvider time, ILogger<ScheduleService> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DateTimeOffset from = time.GetUtcNow();
        while (schedule.NextAfter(from) is { } due)
        {
            TimeSpan wait = due - time.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, stoppingToken);
            }

            try
            {
                await schedule.TickAsync(due, stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                LogFailed(exception, due);
            }

            from = due;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The evaluations due at {Due} could not be started")]
    private partial void LogFailed(Exception exception, DateTimeOffset due);
}
