using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>The reference's <c>model(image, text)</c>.</summary>
internal sealed class SimilarityHandlers(
    RequestReader reader,
    RequestModels models,
    RequestTexts requestTexts,
    RequestPictures requestPictures,
    IOptions<ClipHttpOptions> options)
{
    /// <summary><c>POST api/similarity</c>.</summary>
    public async Task<IResult> CompareAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        (SimilarityRequest asked, IReadOnlyList<PictureInput> pictures) = await reader.ReadPicturesAsync(request, RequestJson.Default.SimilarityRequest, cancellationToken);
        IReadOnlyList<string> texts = requestTexts.Check(asked.Texts, null);
        long logits = (long)texts.Count * pictures.Count;
        if (logits > options.Value.MaxLogits)
        {
            throw RequestProblemException.OverLimit("TooManyLogits", "logits (pictures × texts)", "Clip:Http:MaxLogits", options.Value.MaxLogits, logits);
        }

        using ModelLease lease = await models.LeaseAsync(asked.Model, cancellationToken);
        ClipModel model = lease.Model;
        (TokenBatch tokens, _) = requestTexts.Tokenize(model, texts, model.ContextLength, asked.Truncate ?? false);

        // Both towers at once; neither is left behind, because they read what is freed with the request.
        Task<EncodedPictures> encodingPictures = requestPictures.EncodeAsync(lease, pictures, cancellationToken);
        Task<EmbeddingMatrix> encodingTexts = lease.Encoder.EncodeTextAsync(tokens, QueueAdmission.IfRoom, cancellationToken);
        await Task.WhenAll(encodingPictures, encodingTexts);
        EncodedPictures encoded = await encodingPictures;
        if (encoded.Faults.Count > 0)
        {
            throw RequestPictures.Unusable(encoded.Faults);
        }

        ClipOutput output = model.Score(encoded.ToMatrix(model.EmbeddingDimension), await encodingTexts);
        ScoringRule scoring = model.Manifest.Scoring;
        SimilarityReply reply = new()
        {
            Model = model.Manifest.Id,
            Fingerprint = model.Fingerprint,
            Scoring = ClassifyHandlers.NameOf(scoring.Kind),
            LogitScale = scoring.LogitScale,
            LogitBias = scoring.LogitBias,
            LogitsPerImage = Rows(output.LogitsPerImage),
            LogitsPerText = Rows(output.LogitsPerText),
            Probabilities = Rows(scoring.Kind == ScoringKind.Sigmoid ? output.LogitsPerImage.Sigmoid() : output.LogitsPerImage.Softmax()),
        };
        return Results.Json(reply, ReplyJson.Readable.SimilarityReply);
    }

    private static ReadOnlyMemory<float>[] Rows(LogitMatrix matrix) =>
        [.. Enumerable.Range(0, matrix.Rows).Select(row => matrix.Values.Slice(row * matrix.Columns, matrix.Columns))];
}
