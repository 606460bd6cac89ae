using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Health;
using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Labels;
using ClipFunctions.Pipeline.Models;
using ClipFunctions.Pipeline.Search;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Pipeline.Telemetry;
using ClipFunctions.Pipeline.Uploads;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline;

/// <summary>Adds the pipeline to a host.</summary>
public static class ClipPipelineServices
{
    /// <summary>The setting that names the storage account of pictures and results.</summary>
    public const string StorageSetting = "ClipStorage";

    /// <summary>
    /// Adds the model cache, the tagger, the stores, the search index and the health checks. Options come from the sections <c>Clip</c>,
    /// <c>Clip:Images</c>, <c>Clip:Search</c> and <c>Storage</c> of the host's configuration, and are validated at start.
    /// </summary>
    public static IServiceCollection AddClipPipeline(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions<ClipOptions>().BindConfiguration(ClipOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SearchOptions>().BindConfiguration(SearchOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<StorageLayout>().BindConfiguration(StorageLayout.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<StorageLayout>>().Value);
        services.AddSingleton(provider => ModelCacheSettings.FromConfiguration(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton(provider => provider.GetRequiredService<ModelCacheSettings>().Cache);
        services.AddSingleton(provider => provider.GetRequiredService<ModelCacheOptions>().Model.ImageLimits);

        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<PipelineTelemetry>();
        services.AddSingleton(provider => StorageConnection.FromConfiguration(provider.GetRequiredService<IConfiguration>(), StorageSetting));

        services.TryAddSingleton(provider => ModelCatalog.Load(provider.GetRequiredService<ModelCacheOptions>().Catalog));
        services.AddSingleton(provider =>
        {
            ModelCacheOptions options = provider.GetRequiredService<ModelCacheOptions>();
            return new HubClient(options.HubUrl, options.HubToken, logger: provider.GetRequiredService<ILogger<HubClient>>());
        });
        services.AddSingleton(Storage);
        services.AddSingleton(Hub);
        services.AddSingleton(Cache);
        services.AddSingleton(_ => new ZeroShotClassifier());
        services.AddSingleton<LabelSetProvider>();
        services.AddSingleton<TaggingHeads>();
        services.AddSingleton<UploadReader>();
        services.AddSingleton<ResultStore>();
        services.AddSingleton<UploadTagger>();
        services.AddSingleton<UploadRetagger>();
        services.AddSingleton<EmbeddingIndex>();
        services.AddEvaluations();
        services.AddClipHttp();
        services.AddHostedService<PipelineStartup>();
        services.AddHealthChecks()
            .AddCheck<ModelHealthCheck>("model", tags: [ModelHealthCheck.ReadyTag])
            .AddCheck<StorageHealthCheck>("storage", tags: [ModelHealthCheck.ReadyTag]);
        return services;
    }

    // Asked in this order; a bundle that is found beyond the cache directory ends up in it.
    private static ModelCache Cache(IServiceProvider provider)
    {
        ModelCacheOptions options = provider.GetRequiredService<ModelCacheOptions>();
        return new ModelCache(
            [
                DirectoryModelSource.Embedded,
                new DirectoryModelSource("cache", options.CacheDirectory),
                provider.GetRequiredService<BlobModelSource>(),
                provider.GetRequiredService<HubModelSource>(),
            ],
            options,
            provider.GetRequiredService<ILogger<ModelCache>>());
    }

    private static BlobModelSource Storage(IServiceProvider provider)
    {
        ModelCatalog catalog = provider.GetRequiredService<ModelCatalog>();
        return new BlobModelSource(
            provider.GetRequiredService<StorageConnection>(),
            provider.GetRequiredService<StorageLayout>(),
            provider.GetRequiredService<ModelCacheOptions>(),
            id => catalog.Find(id)?.Id ?? id,
            provider.GetRequiredService<ILogger<BlobModelSource>>());
    }

    private static HubModelSource Hub(IServiceProvider provider) => new(
        provider.GetRequiredService<ModelCatalog>(),
        provider.GetRequiredService<ModelCacheOptions>(),
        provider.GetRequiredService<HubClient>(),
        new FileDownloader(provider.GetRequiredService<HubClient>(), logger: provider.GetRequiredService<ILogger<FileDownloader>>()),
        provider.GetRequiredService<ModelCacheSettings>().PushBundles ? provider.GetRequiredService<BlobModelSource>() : null,
        provider.GetRequiredService<ILogger<HubModelSource>>());
}
