using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Http;

/// <summary>The page, and the description of the interface.</summary>
public sealed class PageFunctions(HttpGateway gateway)
{
    /// <summary>The OpenAPI document.</summary>
    [Function(nameof(ClipRoutes.OpenApi))]
    public Task<IResult> OpenApi([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ClipRoutes.OpenApi)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.OpenApi), request);

    /// <summary>The document for people.</summary>
    [Function(nameof(ClipRoutes.Reference))]
    public Task<IResult> Reference([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ClipRoutes.Reference)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.Reference), request);

    /// <summary>The reference's script.</summary>
    [Function(nameof(ClipRoutes.ReferenceFile))]
    public Task<IResult> ReferenceFile([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ClipRoutes.ReferenceFile)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.ReferenceFile), request);

    /// <summary>The page.</summary>
    [Function(nameof(ClipRoutes.Page))]
    public Task<IResult> Page([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ClipRoutes.PageFunction)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.Page), request);

    /// <summary>The page's files.</summary>
    [Function(nameof(ClipRoutes.PageFile))]
    public Task<IResult> PageFile([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ClipRoutes.PageFile)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.PageFile), request);
}
