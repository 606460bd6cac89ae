using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Hosting;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Evaluations;

/// <summary>Starts runs by the clock.</summary>
public sealed class StartScheduledEvaluations(EvaluationSchedule schedule, TimeProvider time)
{
    /// <summary>Starts the runs of the tick that was due last: of a late or repeated tick, the same ones.</summary>
    /// <param name="timer">The host's timer.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function(FunctionNames.EvaluationSchedule)]
    public async Task RunAsync([TimerTrigger($"%{EvaluationSchedule.CronSetting}%")] TimerInfo timer, CancellationToken cancellationToken)
    {
        if (schedule.DueAt(time.GetUtcNow()) is { } due)
        {
            await schedule.TickAsync(due, cancellationToken);
        }
    }
}
