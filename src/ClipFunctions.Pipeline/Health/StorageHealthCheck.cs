using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ClipFunctions.Pipeline.Health;

/// <summary>Healthy if the uploads container answers.</summary>
public sealed class StorageHealthCheck(StorageConnection storage, StorageLayout layout) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            bool exists = await storage.Blobs.GetBlobContainerClient(layout.Uploads).ExistsAsync(limit.Token);
            return exists
                ? HealthCheckResult.Healthy($"container '{layout.Uploads}' answers")
                : HealthCheckResult.Unhealthy($"there is no container '{layout.Uploads}'");
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"storage does not answer ({exception.GetType().Name})", exception);
        }
    }
}
