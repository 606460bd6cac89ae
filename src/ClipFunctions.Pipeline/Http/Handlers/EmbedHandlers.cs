using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>The reference's <c>encode_image</c> and <c>encode_text</c>.</summary>
internal sealed class EmbedHandlers(RequestReader reader, RequestModels models, RequestTexts requestTexts, RequestPictures requestPictures)
{
    /// <summary><c>POST api/embed/text</c>.</summary>
    public async Task<IResult> EmbedTextAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        EmbedTextRequest asked = await reader.ReadTextsAsync(request, RequestJson.Default.EmbedTextRequest, cancellationToken);
        VectorFormat format = VectorFormats.Of(request, asked.Encoding);
        IReadOnlyList<string> texts = requestTexts.Check(asked.Texts, asked.Text);
        using ModelLease lease = await models.LeaseAsync(asked.Model, cancellationToken);
        (TokenBatch tokens, int count) = requestTexts.Tokenize(lease.Model, texts, lease.Model.ContextLength, asked.Truncate ?? false);
        EmbeddingMatrix vectors = await lease.Encoder.EncodeTextAsync(tokens, QueueAdmission.IfRoom, cancellationToken);
        bool normalize = asked.Normalize ?? false;
        EmbeddingMatrix result = normalize ? vectors.Normalize() : vectors;
        return VectorFormats.Write(format, result, () => Reply(
            lease.Model,
            normalize,
            [.. Enumerable.Range(0, result.Count).Select(row => new EmbeddingVector(result.Row(row), format == VectorFormat.JsonBase64))]) with
        {
            Tokens = count,
        });
    }

    /// <summary><c>POST api/embed/image</c>.</summary>
    public async Task<IResult> EmbedImageAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        (EmbedImageRequest asked, IReadOnlyList<PictureInput> pictures) = await reader.ReadPicturesAsync(request, RequestJson.Default.EmbedImageRequest, cancellationToken);
        VectorFormat format = VectorFormats.Of(request, asked.Encoding);
        using ModelLease lease = await models.LeaseAsync(asked.Model, cancellationToken);
        EncodedPictures encoded = await requestPictures.EncodeAsync(lease, pictures, cancellationToken);
        bool normalize = asked.Normalize ?? false;
        EmbeddingMatrix vectors = encoded.ToMatrix(lease.Model.EmbeddingDimension);
        EmbeddingMatrix result = normalize ? vectors.Normalize() : vectors;
        if (encoded.Faults.Count > 0 && format is (VectorFormat.Npy or VectorFormat.Raw))
        {
            // A matrix has no place to tell which row is missing.
            throw RequestPictures.Unusable(encoded.Faults);
        }

        return VectorFormats.Write(format, result, () =>
        {
            int row = 0;
            return Reply(
                lease.Model,
                normalize,
                [.. encoded.Vectors.Select(vector => vector is null ? (EmbeddingVector?)null : new EmbeddingVector(result.Row(row++), format == VectorFormat.JsonBase64))]) with
            {
                Errors = encoded.Faults.Count > 0 ? encoded.Faults : null,
            };
        });
    }

    private static EmbeddingsReply Reply(ClipModel model, bool normalized, IReadOnlyList<EmbeddingVector?> vectors) => new()
    {
        Model = model.Manifest.Id,
        Fingerprint = model.Fingerprint,
        Dimension = model.EmbeddingDimension,
        Normalized = normalized,
        Embeddings = vectors,
    };
}
