using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace ClipFunctions.Pipeline.Http;

/// <summary>Maps the HTTP handlers to their routes.</summary>
public static class ClipEndpoints
{
    /// <summary>Maps every route under <paramref name="prefix"/> (<c>host.json</c>'s <c>routePrefix</c>; empty: none).</summary>
    public static IEndpointRouteBuilder MapClip(this IEndpointRouteBuilder routes, string prefix)
    {
        ArgumentNullException.ThrowIfNull(routes);
        RouteGroupBuilder group = routes.MapGroup(prefix);
        group.MapGet("api/health/live", HealthHandlers.Live);
        group.MapGet("api/health/ready", (HealthHandlers health, CancellationToken cancellationToken) => health.ReadyAsync(cancellationToken));
        return routes;
    }
}
