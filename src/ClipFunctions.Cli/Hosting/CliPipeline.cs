using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Poison;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Cli.Hosting;

/// <summary>The pipeline as the hosts build it, without its background services: nothing is opened before it is asked for.</summary>
internal static class CliPipeline
{
    /// <summary>Builds it; the caller disposes it.</summary>
    public static ServiceProvider Build(IConfiguration configuration) => new ServiceCollection()
        .AddSingleton(configuration)
        .AddLogging()
        .AddClipPipeline()
        .AddSingleton(provider => ActivatorUtilities.CreateInstance<PoisonQueues>(
            provider,
            provider.GetRequiredService<StorageConnection>(),
            StorageConnection.FromConfiguration(configuration, StorageOptions.Host)))
        .BuildServiceProvider();
}
