using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Http;

/// <summary>Whether the app lives, and whether it can work.</summary>
public sealed class HealthFunctions(HttpGateway gateway)
{
    /// <summary>The process answers.</summary>
    [Function(nameof(ClipRoutes.HealthLive))]
    public Task<IResult> HealthLive([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ClipRoutes.HealthLive)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.HealthLive), request);

    /// <summary>The model runs and storage answers.</summary>
    [Function(nameof(ClipRoutes.HealthReady))]
    public Task<IResult> HealthReady([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ClipRoutes.HealthReady)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.HealthReady), request);
}
