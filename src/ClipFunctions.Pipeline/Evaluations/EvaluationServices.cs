using ClipFunctions.Evaluation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Evaluations;

internal static class EvaluationServices
{
    public static IServiceCollection AddEvaluations(this IServiceCollection services)
    {
        services.AddOptions<EvaluationOptions>().BindConfiguration(EvaluationOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider =>
        {
            EvaluationOptions options = provider.GetRequiredService<IOptions<EvaluationOptions>>().Value;
            return new FeatureExtractor(new FeatureOptions { BatchSize = options.BatchSize, MaxPictureBytes = options.MaxPictureBytes });
        });
        services.AddSingleton<EvaluationStore>();
        services.AddSingleton<EvaluationQueues>();
        services.AddSingleton<EvaluationStarter>();
        services.AddSingleton<EvaluationSchedule>();
        services.AddSingleton<Evaluator>();
        services.AddSingleton<EvaluationFitter>();
        services.AddSingleton<EvaluationRunner>();
        return services;
    }
}
