using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Http;

/// <summary>What was uploaded, and the search in it.</summary>
public sealed class UploadFunctions(HttpGateway gateway)
{
    /// <summary>Uploads by words or by a picture.</summary>
    [Function(nameof(ClipRoutes.Search))]
    public Task<IResult> Search([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.Search)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.Search), request);

    /// <summary>Uploads and how far they are.</summary>
    [Function(nameof(ClipRoutes.ListUploads))]
    public Task<IResult> ListUploads([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.ListUploads)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.ListUploads), request);

    /// <summary>An upload's bytes.</summary>
    [Function(nameof(ClipRoutes.GetUpload))]
    public Task<IResult> GetUpload([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.GetUpload)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.GetUpload), request);

    /// <summary>An upload's record.</summary>
    [Function(nameof(ClipRoutes.GetResult))]
    public Task<IResult> GetResult([HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ClipRoutes.GetResult)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.GetResult), request);
}
