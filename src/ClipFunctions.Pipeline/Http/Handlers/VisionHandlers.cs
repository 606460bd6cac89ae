using System.Text;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>
/// Azure AI Vision's multimodal embeddings (Image Retrieval, <c>computervision/retrieval:vectorizeImage</c> and <c>:vectorizeText</c>).
/// <c>api-version</c> and <c>model-version</c> are passed over; vectors are of length 1.
/// </summary>
internal sealed class VisionHandlers(RequestReader reader, RequestModels models, RequestTexts requestTexts, RequestPictures requestPictures)
{
    private const int VersionLength = 8;

    /// <summary><c>POST computervision/retrieval:vectorizeImage</c>: a picture as the body, or <c>{"url": "data:…"}</c>.</summary>
    public async Task<IResult> VectorizeImageAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        PictureInput picture;
        if (RequestReader.IsPicture(request))
        {
            picture = await reader.ReadBodyAsync(request, cancellationToken);
        }
        else
        {
            VectorizeImageRequest asked = await reader.ReadJsonAsync(request, DropInRequestJson.Default.VectorizeImageRequest, cancellationToken);
            picture = asked.Url is { } url && url.StartsWith("data:", StringComparison.Ordinal)
                ? new PictureInput(PictureInputConverter.Decode(Encoding.UTF8.GetBytes(url)))
                : throw PictureInputConverter.NotFetched;
        }

        using ModelLease lease = await models.LeaseAsync(null, cancellationToken);
        EncodedPictures encoded = await requestPictures.EncodeAsync(lease, [picture], cancellationToken);
        return Reply(lease.Model, encoded.ToMatrix(lease.Model.EmbeddingDimension));
    }

    /// <summary><c>POST computervision/retrieval:vectorizeText</c>: <c>{"text": "…"}</c>.</summary>
    public async Task<IResult> VectorizeTextAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        VectorizeTextRequest asked = await reader.ReadJsonAsync(request, DropInRequestJson.Default.VectorizeTextRequest, cancellationToken);
        IReadOnlyList<string> texts = requestTexts.Check(null, asked.Text);
        using ModelLease lease = await models.LeaseAsync(null, cancellationToken);
        (TokenBatch tokens, _) = requestTexts.Tokenize(lease.Model, texts, lease.Model.ContextLength, Truncates(request));
        return Reply(lease.Model, await lease.Encoder.EncodeTextAsync(tokens, QueueAdmission.IfRoom, cancellationToken));
    }

    internal static string VersionOf(ClipModel model) => $"{model.Manifest.Id}@{model.Fingerprint[..VersionLength]}";

    /// <summary>Other services' requests have no field for it: <c>?truncate=true</c>.</summary>
    internal static bool Truncates(HttpRequest request) => request.Query["truncate"] is ["true" or "1"];

    private static IResult Reply(ClipModel model, EmbeddingMatrix vector) =>
        Results.Json(new VectorizeReply(VersionOf(model), new EmbeddingVector(vector.Normalize().Row(0), false)), ReplyJson.Readable.VectorizeReply);
}
