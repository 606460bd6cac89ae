using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Health;
using ClipFunctions.Pipeline.Labels;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Telemetry;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline;

/// <summary>Adds the pipeline to a host.</summary>
public static class ClipPipelineServices
{
    /// <summary>The setting that names the storage account of pictures and results.</summary>
    public const string StorageSetting = "ClipStorage";

    /// <summary>
    /// Adds the model cache, the tagger, the stores and the health checks. Options come from the sections <c>Clip</c>,
    /// <c>Clip:Images</c> and <c>Storage</c> of the host's configuration, and are validated at start.
    /// </summary>
    public static IServiceCollection AddClipPipeline(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<ClipOptions>().BindConfiguration(ClipOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<StorageLayout>().BindConfiguration(StorageLayout.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<StorageLayout>>().Value);
        services.AddSingleton(provider => ModelOptions(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton(provider => provider.GetRequiredService<ModelCacheOptions>().Model.ImageLimits);

        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<PipelineTelemetry>();
        services.AddSingleton(provider => StorageConnection.FromConfiguration(provider.GetRequiredService<IConfiguration>(), StorageSetting));
        services.AddSingleton(provider => new ModelCache(
            provider.GetRequiredService<ModelCacheOptions>(),
            provider.GetRequiredService<Microsoft.Extensions.Logging.ILogger<ModelCache>>()));
        services.AddSingleton(_ => new ZeroShotClassifier());
        services.AddSingleton<LabelSetProvider>();
        services.AddSingleton<UploadReader>();
        services.AddSingleton<ResultStore>();
        services.AddSingleton<UploadTagger>();
        services.AddSingleton<Http.HealthHandlers>();
        services.AddHostedService<PipelineStartup>();
        services.AddHealthChecks()
            .AddCheck<ModelHealthCheck>("model", tags: [ModelHealthCheck.ReadyTag])
            .AddCheck<StorageHealthCheck>("storage", tags: [ModelHealthCheck.ReadyTag]);
        return services;
    }

    private static ModelCacheOptions ModelOptions(IConfiguration configuration)
    {
        ModelCacheOptions defaults = new();
        IConfigurationSection clip = configuration.GetSection(ClipOptions.Section);
        return defaults with
        {
            CacheDirectory = clip["CacheDirectory"] is { Length: > 0 } directory ? directory : defaults.CacheDirectory,
            Model = defaults.Model with
            {
                Device = clip["Device"] is { Length: > 0 } device ? device : defaults.Model.Device,
                ImageLimits = Limits(clip.GetSection("Images")),
            },
        };
    }

    private static ImageLimits Limits(IConfigurationSection section)
    {
        try
        {
            return section.Get<ImageLimits>() ?? ImageLimits.Default;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or System.Reflection.TargetInvocationException)
        {
            throw new InvalidSettingException(section.Path, $"Settings in '{section.Path}' cannot be used: {exception.GetBaseException().Message}", exception);
        }
    }
}
