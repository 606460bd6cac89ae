using System.Globalization;
using System.Security.Cryptography;
using ClipFunctions.Evaluation;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>Starts and stops runs, for requests and schedules.</summary>
public sealed class EvaluationStarter(EvaluationStore store, EvaluationQueues queues, TimeProvider time)
{
    private const int RandomLength = 6;

    /// <summary>Asks for a run: its status is there when this returns. Asking for one that is there already changes nothing.</summary>
    /// <exception cref="InvalidEvaluationException">It asks for what cannot be done.</exception>
    public async Task<EvaluationStatus> StartAsync(EvaluationRequest request, CancellationToken cancellationToken)
    {
        EvaluationRequest complete = EvaluationRequestReader.Check(request) with { RunId = request.RunId ?? NewId() };
        (EvaluationStatus status, _) = await store.CreateStatusAsync(complete.RunId!, complete, cancellationToken);
        if (status.State == EvaluationState.Queued)
        {
            // Also if it was there: whoever made it may have been stopped before it sent the message.
            await queues.SendRunAsync(status.Request ?? complete, cancellationToken);
        }

        return status;
    }

    /// <summary>Stops a run; work under way ends soon.</summary>
    /// <returns>Its status; null if there is no such run.</returns>
    public Task<EvaluationStatus?> CancelAsync(string runId, CancellationToken cancellationToken) =>
        store.ChangeStatusAsync(runId, status => status with { State = EvaluationState.Cancelled }, cancellationToken);

    private string NewId() => string.Create(
        CultureInfo.InvariantCulture,
        $"{time.GetUtcNow():yyyyMMdd-HHmmss}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomLength / 2))}");
}
