using System.Globalization;
using System.Text;
using System.Text.Json;
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

/// <summary>OpenAI's embeddings endpoint; pictures come as data URIs. Vectors are of length 1, as OpenAI's are.</summary>
internal sealed class OpenAIHandlers(
    RequestReader reader,
    RequestModels models,
    RequestTexts requestTexts,
    RequestPictures requestPictures,
    IOptions<ClipHttpOptions> options)
{
    // OpenAI's own names stand for the default model, so that a client need only change its address.
    private static readonly string[] DefaultNames = ["text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"];

    /// <summary><c>POST v1/embeddings</c>.</summary>
    public async Task<IResult> EmbedAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        OpenAIEmbeddingsRequest asked = await reader.ReadJsonAsync(request, DropInRequestJson.Default.OpenAIEmbeddingsRequest, cancellationToken);
        bool asBase64 = asked.EncodingFormat switch
        {
            null or "float" => false,
            "base64" => true,
            _ => throw Invalid("encoding_format is 'float' or 'base64'."),
        };
        (List<string> texts, List<PictureInput> pictures, List<bool> isPicture) = Read(asked.Input);
        using ModelLease lease = await models.LeaseAsync(DefaultNames.Contains(asked.Model) ? null : asked.Model, cancellationToken);
        ClipModel model = lease.Model;
        if (asked.Dimensions is { } dimensions && dimensions != model.EmbeddingDimension)
        {
            throw Invalid(string.Create(CultureInfo.InvariantCulture, $"dimensions is {dimensions}; model '{model.Manifest.Id}' gives vectors of {model.EmbeddingDimension} only."));
        }

        (TokenBatch Tokens, int Count) tokenized = texts.Count > 0
            ? requestTexts.Tokenize(model, requestTexts.Check(texts, null), model.ContextLength, VisionHandlers.Truncates(request))
            : default;
        Task<EmbeddingMatrix?> encodingTexts = EncodeTextsAsync(lease, tokenized.Tokens, cancellationToken);
        Task<EmbeddingMatrix?> encodingPictures = EncodePicturesAsync(lease, pictures, cancellationToken);
        await Task.WhenAll(encodingTexts, encodingPictures);
        EmbeddingMatrix? textVectors = await encodingTexts;
        EmbeddingMatrix? pictureVectors = await encodingPictures;

        List<OpenAIEmbedding> data = new(isPicture.Count);
        int nextText = 0;
        int nextPicture = 0;
        for (int i = 0; i < isPicture.Count; i++)
        {
            ReadOnlyMemory<float> vector = isPicture[i] ? pictureVectors!.Row(nextPicture++) : textVectors!.Row(nextText++);
            data.Add(new OpenAIEmbedding("embedding", i, new EmbeddingVector(vector, asBase64)));
        }

        return Results.Json(
            new OpenAIEmbeddingsReply("list", data, model.Manifest.Id, new OpenAIUsage(tokenized.Count, tokenized.Count)),
            ReplyJson.Readable.OpenAIEmbeddingsReply);
    }

    private static async Task<EmbeddingMatrix?> EncodeTextsAsync(ModelLease lease, TokenBatch? tokens, CancellationToken cancellationToken) =>
        tokens is null ? null : (await lease.Encoder.EncodeTextAsync(tokens, QueueAdmission.IfRoom, cancellationToken)).Normalize();

    private async Task<EmbeddingMatrix?> EncodePicturesAsync(ModelLease lease, List<PictureInput> pictures, CancellationToken cancellationToken)
    {
        if (pictures.Count == 0)
        {
            return null;
        }

        EncodedPictures encoded = await requestPictures.EncodeAsync(lease, pictures, cancellationToken);
        return encoded.Faults.Count == 0
            ? encoded.ToMatrix(lease.Model.EmbeddingDimension).Normalize()
            : throw RequestPictures.Unusable(encoded.Faults);
    }

    private (List<string> Texts, List<PictureInput> Pictures, List<bool> IsPicture) Read(JsonElement? input)
    {
        List<string> texts = [];
        List<PictureInput> pictures = [];
        List<bool> isPicture = [];
        switch (input)
        {
            case { ValueKind: JsonValueKind.String or JsonValueKind.Object } one:
                Add(one);
                break;
            case { ValueKind: JsonValueKind.Array } list:
                foreach (JsonElement item in list.EnumerateArray())
                {
                    Add(item);
                }

                break;
            default:
                throw Invalid("input is missing: a text, a data URI, or a list of them.");
        }

        if (isPicture.Count == 0)
        {
            throw Invalid("input is empty.");
        }

        if (pictures.Count > options.Value.MaxPictures)
        {
            throw RequestProblemException.OverLimit("TooManyPictures", "pictures", "Clip:Http:MaxPictures", options.Value.MaxPictures, pictures.Count);
        }

        return (texts, pictures, isPicture);

        void Add(JsonElement item)
        {
            JsonElement value = item;
            bool asPicture = false;
            if (item.ValueKind == JsonValueKind.Object)
            {
                asPicture = item.TryGetProperty("image", out JsonElement image) || item.TryGetProperty("image_url", out image);
                value = asPicture ? image : item.TryGetProperty("text", out JsonElement text) ? text : default;
                if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("url", out JsonElement url))
                {
                    value = url;
                }
            }

            if (value.ValueKind != JsonValueKind.String)
            {
                throw Invalid(string.Create(CultureInfo.InvariantCulture, $"input[{isPicture.Count}] is neither a text nor a picture. Lists of token ids are not taken: they would be another tokenizer's."));
            }

            string content = JsonText.Of(value);
            asPicture |= content.StartsWith("data:image/", StringComparison.Ordinal);
            if (asPicture)
            {
                pictures.Add(new PictureInput(PictureInputConverter.Decode(Encoding.UTF8.GetBytes(content))));
            }
            else
            {
                texts.Add(content);
            }

            isPicture.Add(asPicture);
        }
    }

    private static RequestProblemException Invalid(string detail) => RequestProblemException.BadRequest("InvalidField", "A field cannot be used", detail);
}
