using ClipFunctions.Pipeline.Http;
using ClipFunctions.Pipeline.Http.Operations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ClipFunctions.Http;

/// <summary>What the models compute: tokens, vectors, labels, similarities.</summary>
public sealed class EncodingFunctions(HttpGateway gateway)
{
    /// <summary>Texts to tokens.</summary>
    [Function(nameof(ClipRoutes.Tokenize))]
    public Task<IResult> Tokenize([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.Tokenize)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.Tokenize), request);

    /// <summary>Texts to vectors.</summary>
    [Function(nameof(ClipRoutes.EmbedText))]
    public Task<IResult> EmbedText([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.EmbedText)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.EmbedText), request);

    /// <summary>Pictures to vectors.</summary>
    [Function(nameof(ClipRoutes.EmbedImage))]
    public Task<IResult> EmbedImage([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.EmbedImage)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.EmbedImage), request);

    /// <summary>Pictures to labels.</summary>
    [Function(nameof(ClipRoutes.Classify))]
    public Task<IResult> Classify([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.Classify)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.Classify), request);

    /// <summary>Pictures against texts.</summary>
    [Function(nameof(ClipRoutes.Similarity))]
    public Task<IResult> Similarity([HttpTrigger(AuthorizationLevel.Function, "post", Route = ClipRoutes.Similarity)] HttpRequest request) => gateway.RunAsync(nameof(ClipRoutes.Similarity), request);
}
