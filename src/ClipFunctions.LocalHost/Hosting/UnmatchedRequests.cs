using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Problems;

namespace ClipFunctions.LocalHost.Hosting;

/// <summary>Requests that no operation takes are told so in the form of all other problems.</summary>
public static class UnmatchedRequests
{
    /// <summary>Gives 404 and 405 a body.</summary>
    public static IApplicationBuilder UseUnmatchedProblems(this IApplicationBuilder app) => app.UseStatusCodePages(async context =>
    {
        HttpContext http = context.HttpContext;
        RequestProblemException problem = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new(404, "NotFound", "There is nothing here", "No operation has this address: see api/reference."),
            StatusCodes.Status405MethodNotAllowed => new(405, "MethodNotAllowed", "Not by this method", $"This address takes {http.Response.Headers.Allow}."),
            int status => new(status, "BadRequest", "The request cannot be read", "The request cannot be read."),
        };
        await HttpGateway.Tell(problem).ExecuteAsync(http);
    });
}
