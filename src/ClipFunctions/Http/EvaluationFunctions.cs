using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Http;

/// <summary>Runs: started, looked at, stopped.</summary>
public sealed class EvaluationFunctions(HttpGateway gateway)
{
    /// <summary>Asks for a run.</summary>
    [Function(nameof(ClipRoutes.StartEvaluation))]
    public Task<IResult> StartEvaluation([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.StartEvaluation)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.StartEvaluation), request);

    /// <summary>All runs.</summary>
    [Function(nameof(ClipRoutes.ListEvaluations))]
    public Task<IResult> ListEvaluations([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.ListEvaluations)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.ListEvaluations), request);

    /// <summary>A run's status.</summary>
    [Function(nameof(ClipRoutes.GetEvaluation))]
    public Task<IResult> GetEvaluation([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.GetEvaluation)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.GetEvaluation), request);

    /// <summary>Stops a run.</summary>
    [Function(nameof(ClipRoutes.CancelEvaluation))]
    public Task<IResult> CancelEvaluation([HttpTrigger(AuthorizationLevel.Function, "delete", Route = ClipRoutes.CancelEvaluation)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.CancelEvaluation), request);

    /// <summary>A run's report and its other files.</summary>
    [Function(nameof(ClipRoutes.GetEvaluationFile))]
    public Task<IResult> GetEvaluationFile([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.GetEvaluationFile)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.GetEvaluationFile), request);
}
