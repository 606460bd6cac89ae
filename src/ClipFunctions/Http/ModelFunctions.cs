using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Http;

/// <summary>Models and label sets.</summary>
public sealed class ModelFunctions(HttpGateway gateway)
{
    /// <summary>The models at hand.</summary>
    [Function(nameof(ClipRoutes.ListModels))]
    public Task<IResult> ListModels([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.ListModels)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.ListModels), request);

    /// <summary>The label sets that requests may name.</summary>
    [Function(nameof(ClipRoutes.ListLabelSets))]
    public Task<IResult> ListLabelSets([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.ListLabelSets)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.ListLabelSets), request);
}
