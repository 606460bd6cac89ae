using System.Diagnostics;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Health;
using ClipFunctions.Pipeline.Labels;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline;

/// <summary>Before the first event: loads and runs the preloaded models and the one that tags, computes the label vectors; then creates the containers.</summary>
public sealed partial class PipelineStartup(
    StorageConnection storage,
    StorageLayout layout,
    ModelCache models,
    TaggingHeads heads,
    IOptions<ClipOptions> options,
    ILogger<PipelineStartup> logger) : BackgroundService
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // A model that is not there, or cannot be run on the device asked for, is told before anything else happens.
        long start = Stopwatch.GetTimestamp();
        await models.PreloadAsync(null, cancellationToken);
        using (ModelLease lease = await models.LeaseAsync(options.Value.Model, cancellationToken))
        {
            ClipModel model = lease.Model;
            TaggingHead head = await heads.ForAsync(model, cancellationToken);
            ModelProbe.Run(model, cancellationToken);
            await head.PrepareAsync(model, cancellationToken);
            LogReady(model.Manifest.Id, model.Device.Name, head.Name, head.Labels.Count, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan delay = FirstDelay;
        foreach (string container in layout.Containers)
        {
            while (true)
            {
                try
                {
                    await storage.Blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: stoppingToken);
                    break;
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    // Whatever it is: the host would end with this service.
                    LogStorage(exception, container, delay.TotalSeconds);
                    await Task.Delay(delay, stoppingToken);
                    delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay;
                }
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Ready: model {Model} on {Device}, {Labels} labels of {LabelSet}, loaded and run in {Milliseconds:F0} ms")]
    private partial void LogReady(string model, string device, string labelSet, int labels, double milliseconds);

    [LoggerMessage(2, LogLevel.Warning, "Container {Container} cannot be created; trying again in {Seconds:F1} s")]
    private partial void LogStorage(Exception exception, string container, double seconds);
}
