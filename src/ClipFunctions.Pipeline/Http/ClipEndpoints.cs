using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ClipFunctions.Pipeline.Http;

/// <summary>Maps the operations to their routes, for hosts with ASP.NET Core's own routing.</summary>
public static class ClipEndpoints
{
    /// <summary>Maps every operation under <paramref name="prefix"/> (<c>host.json</c>'s <c>routePrefix</c>; empty: none).</summary>
    public static IEndpointRouteBuilder MapClip(this IEndpointRouteBuilder routes, string prefix)
    {
        ArgumentNullException.ThrowIfNull(routes);
        RouteGroupBuilder group = routes.MapGroup(prefix);
        foreach (ClipOperation operation in ClipOperations.All)
        {
            string[] methods = operation.Method == HttpMethods.Get ? [HttpMethods.Get, HttpMethods.Head] : [operation.Method];
            group.MapMethods(operation.Route, methods, async (HttpContext context, HttpGateway gateway) =>
            {
                IResult result = await gateway.RunAsync(operation, context);
                await result.ExecuteAsync(context);
            });
        }

        return routes;
    }
}
