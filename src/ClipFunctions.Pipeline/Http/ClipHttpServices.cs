using ClipFunctions.Pipeline.Http.Handlers;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Http;

internal static class ClipHttpServices
{
    // The gateway's own check comes first and tells more.
    private const long BodyReserve = 1 << 20;

    public static IServiceCollection AddClipHttp(this IServiceCollection services)
    {
        services.AddOptions<ClipHttpOptions>().BindConfiguration(ClipHttpOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ClipHttpOptions>>((kestrel, http) =>
        {
            kestrel.Limits.MaxRequestBodySize = http.Value.MaxBodyBytes + BodyReserve;
            kestrel.AddServerHeader = false;
        });
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
