using ClipFunctions.Pipeline.Http.Handlers;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Pipeline.Http;

internal static class ClipHttpServices
{
    public static IServiceCollection AddClipHttp(this IServiceCollection services)
    {
        services.AddOptions<ClipHttpOptions>().BindConfiguration(ClipHttpOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<HttpGateway>();
        services.AddSingleton<RequestReader>();
        services.AddSingleton<RequestModels>();
        services.AddSingleton<RequestTexts>();
        services.AddSingleton<RequestPictures>();
        services.AddSingleton<RequestLabels>();
        services.AddSingleton<ModelHandlers>();
        services.AddSingleton<TokenizeHandlers>();
        services.AddSingleton<EmbedHandlers>();
        services.AddSingleton<ClassifyHandlers>();
        services.AddSingleton<SimilarityHandlers>();
        services.AddSingleton<VisionHandlers>();
        services.AddSingleton<OpenAIHandlers>();
        services.AddSingleton<SkillHandlers>();
        services.AddSingleton<SearchHandlers>();
        services.AddSingleton<UploadHandlers>();
        services.AddSingleton<EvaluationHandlers>();
        services.AddSingleton<HealthHandlers>();
        services.AddSingleton<PageHandlers>();
        services.AddSingleton<OpenApiHandlers>();
        return services;
    }
}
