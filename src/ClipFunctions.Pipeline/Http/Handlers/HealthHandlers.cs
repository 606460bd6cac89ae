using ClipFunctions.Pipeline.Http.Replies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>Liveness and readiness.</summary>
public sealed class HealthHandlers(HealthCheckService checks, TimeProvider time) : IDisposable
{
    // Anybody may ask, and each look runs the model.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _looking = new(1);
    private HealthReport? _report;
    private long _lookedAt;

    /// <summary><c>GET api/health/live</c>: 200 as long as the process answers.</summary>
    public static IResult Live() => Results.Json(new HealthReply("live", []), ReplyJson.Readable.HealthReply);

    /// <summary><c>GET api/health/ready</c>: runs the model and asks storage, once a second at most; 200 if both answer, else 503.</summary>
    public async Task<IResult> ReadyAsync(CancellationToken cancellationToken)
    {
        HealthReport report = await LookAsync(cancellationToken);
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

    /// <inheritdoc/>
    public void Dispose() => _looking.Dispose();

    private async Task<HealthReport> LookAsync(CancellationToken cancellationToken)
    {
        await _looking.WaitAsync(cancellationToken);
        try
        {
            if (_report is null || time.GetElapsedTime(_lookedAt) > Fresh)
            {
                _report = await checks.CheckHealthAsync(check => check.Tags.Contains(Health.ModelHealthCheck.ReadyTag), cancellationToken);
                _lookedAt = time.GetTimestamp();
            }

            return _report;
        }
        finally
        {
            _looking.Release();
        }
    }
}
