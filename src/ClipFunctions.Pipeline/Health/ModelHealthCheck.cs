using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Health;

/// <summary>Healthy if the model can be leased and both towers give vectors now.</summary>
public sealed class ModelHealthCheck(ModelCache models, IOptions<ClipOptions> options) : IHealthCheck
{
    /// <summary>The tag of the checks that <c>/api/health/ready</c> runs.</summary>
    public const string ReadyTag = "ready";

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            using ModelLease lease = await models.LeaseAsync(options.Value.Model, cancellationToken);
            ModelProbe.Run(lease.Model, cancellationToken);
            return HealthCheckResult.Healthy($"{lease.Model.Manifest.Id} runs on {lease.Model.Device}", new Dictionary<string, object>
            {
                ["model"] = lease.Model.Manifest.Id,
                ["fingerprint"] = lease.Model.Fingerprint,
                ["device"] = lease.Model.Device.ToString(),
            });
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The log has the exception; the caller gets no paths and no stack.
            return HealthCheckResult.Unhealthy($"model '{options.Value.Model}' does not run ({exception.GetType().Name})", exception);
        }
    }
}
