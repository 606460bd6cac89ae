using Azure.Storage.Queues.Models;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Hosting;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Evaluations;

/// <summary>Fits and measures a run, and writes its report.</summary>
public sealed class FitEvaluation(EvaluationRunner runner, HostJson hostJson)
{
    /// <summary>Does the step.</summary>
    /// <param name="message">The message; the host keeps it hidden while this runs.</param>
    /// <param name="cancellationToken">The host stops; the step is done anew.</param>
    [Function(FunctionNames.FitEvaluation)]
    public Task RunAsync(
        [QueueTrigger(StorageLayout.DefaultFitQueue, Connection = ClipPipelineServices.StorageSetting)] QueueMessage message,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return runner.FitAsync(new QueueDelivery(message.Body, message.MessageId, message.DequeueCount >= hostJson.MaxDequeueCount), cancellationToken);
    }
}
