using ClipFunctions.Pipeline.Http.Replies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>Liveness and readiness.</summary>
public sealed class HealthHandlers(HealthCheckService checks)
{
    /// <summary><c>GET api/health/live</c>: 200 as long as the process answers.</summary>
    public static IResult Live() => Results.Json(new HealthReply("live", []), ReplyJson.Readable.HealthReply);

    /// <summary><c>GET api/health/ready</c>: runs the model and asks storage; 200 if both answer, else 503.</summary>
    public async Task<IResult> ReadyAsync(CancellationToken cancellationToken)
    {
        HealthReport report = await checks.CheckHealthAsync(check => check.Tags.Contains(Health.ModelHealthCheck.ReadyTag), cancellationToken);
        bool ready = report.Status == HealthStatus.Healthy;
        HealthReply reply = new(
            ready ? "ready" : "not ready",
            [.. report.Entries.Select(entry => new HealthItem(
                entry.Key,
                entry.Value.Status == HealthStatus.Healthy ? "ok" : "failed",
                entry.Value.Description ?? "",
                entry.Value.Duration.TotalMilliseconds))]);
        return Results.Json(reply, ReplyJson.Readable.HealthReply, statusCode: ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
