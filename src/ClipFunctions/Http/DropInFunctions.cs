using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Http;

/// <summary>The forms of Azure AI Vision's, OpenAI's and Azure AI Search's clients.</summary>
public sealed class DropInFunctions(HttpGateway gateway)
{
    /// <summary>Azure AI Vision's <c>vectorizeImage</c>.</summary>
    [Function(nameof(ClipRoutes.VectorizeImage))]
    public Task<IResult> VectorizeImage([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.VectorizeImage)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.VectorizeImage), request);

    /// <summary>Azure AI Vision's <c>vectorizeText</c>.</summary>
    [Function(nameof(ClipRoutes.VectorizeText))]
    public Task<IResult> VectorizeText([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.VectorizeText)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.VectorizeText), request);

    /// <summary>OpenAI's embeddings.</summary>
    [Function(nameof(ClipRoutes.OpenAIEmbeddings))]
    public Task<IResult> OpenAIEmbeddings([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.OpenAIEmbeddings)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.OpenAIEmbeddings), request);

    /// <summary>A skill of Azure AI Search: vectors.</summary>
    [Function(nameof(ClipRoutes.SkillEmbed))]
    public Task<IResult> SkillEmbed([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.SkillEmbed)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.SkillEmbed), request);

    /// <summary>A skill of Azure AI Search: labels.</summary>
    [Function(nameof(ClipRoutes.SkillClassify))]
    public Task<IResult> SkillClassify([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.SkillClassify)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.SkillClassify), request);
}
