using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Http;

internal static class HttpGatewayExtensions
{
    /// <summary>Answers a request by the operation of a name.</summary>
    public static Task<IResult> RunAsync(this HttpGateway gateway, string operation, HttpRequest request) =>
        gateway.RunAsync(ClipOperations.Find(operation), request.HttpContext);
}
