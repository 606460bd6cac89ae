using System.Globalization;
using System.Text;
using System.Text.Json;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>
/// Custom skills for Azure AI Search. A record that cannot be used bears its errors and hinders no other. What holds for all records
/// stands in the skill's address: <c>model</c>, <c>labelSet</c>, <c>labels</c>, <c>templates</c>, <c>topK</c>, <c>truncate</c>.
/// </summary>
internal sealed class SkillHandlers(
    RequestReader reader,
    RequestModels models,
    RequestTexts requestTexts,
    RequestPictures requestPictures,
    RequestLabels requestLabels,
    IOptions<ClipHttpOptions> options)
{
    /// <summary><c>POST api/skill/embed</c>: <c>data.text</c> or <c>data.image</c> → <c>data.vector</c>, of length 1.</summary>
    public async Task<IResult> EmbedAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyList<SkillRecord> records = await ReadAsync(request, cancellationToken);
        using ModelLease lease = await models.LeaseAsync(request.Query["model"], cancellationToken);
        SkillAnswers answers = new(records);
        Task texts = EmbedTextsAsync(lease, answers, VisionHandlers.Truncates(request), cancellationToken);
        Task<(IReadOnlyList<int> Records, EmbeddingMatrix Vectors)> pictures = EncodePicturesAsync(lease, answers, cancellationToken);
        await Task.WhenAll(texts, pictures);
        (IReadOnlyList<int> rows, EmbeddingMatrix vectors) = await pictures;
        EmbeddingMatrix normalized = vectors.Normalize();
        for (int row = 0; row < rows.Count; row++)
        {
            answers.Set(rows[row], Outputs(lease.Model, normalized.Row(row)));
        }

        return Results.Json(answers.ToReply(), ReplyJson.Readable.SkillReply);
    }

    /// <summary><c>POST api/skill/classify</c>: <c>data.image</c> → <c>data.tags</c> and <c>data.labels</c>.</summary>
    public async Task<IResult> ClassifyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        ClassifyRequest asked = new();
        FieldBinder.Bind(RequestJson.Default.ClassifyRequest, asked, request.Query, "query");
        RequestLabels.CheckTopK(asked.TopK);
        IReadOnlyList<SkillRecord> records = await ReadAsync(request, cancellationToken);
        using ModelLease lease = await models.LeaseAsync(asked.Model, cancellationToken);
        LabelSet labels = requestLabels.Find(lease.Model, asked.Labels, asked.Templates, asked.LabelSet);
        SkillAnswers answers = new(records);
        for (int i = 0; i < records.Count; i++)
        {
            if (records[i].Data is { Image: null })
            {
                answers.Fail(i, "data.image is missing.");
            }
        }

        (IReadOnlyList<int> rows, EmbeddingMatrix vectors) = await EncodePicturesAsync(lease, answers, cancellationToken);
        if (rows.Count > 0)
        {
            IReadOnlyList<IReadOnlyList<LabelScore>> scores = await requestLabels.ClassifyAsync(lease.Model, vectors, labels, asked.TopK, cancellationToken);
            for (int row = 0; row < rows.Count; row++)
            {
                IReadOnlyList<ClassifiedLabel> best = ClassifyHandlers.Describe(scores[row]);
                answers.Set(rows[row], new SkillOutputs
                {
                    Tags = [.. best.Select(label => label.Label)],
                    Labels = best,
                    ModelVersion = VisionHandlers.VersionOf(lease.Model),
                });
            }
        }

        return Results.Json(answers.ToReply(), ReplyJson.Readable.SkillReply);
    }

    private async Task<IReadOnlyList<SkillRecord>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        SkillRequest asked = await reader.ReadJsonAsync(request, DropInRequestJson.Default.SkillRequest, cancellationToken);
        IReadOnlyList<SkillRecord?> values = asked.Values ?? throw Invalid("values is missing: a list of {\"recordId\", \"data\"}.");
        if (values.Count > options.Value.MaxTexts)
        {
            throw RequestProblemException.OverLimit("TooManyTexts", "records", "Clip:Http:MaxTexts", options.Value.MaxTexts, values.Count);
        }

        for (int i = 0; i < values.Count; i++)
        {
            if (values[i] is not { RecordId: not null })
            {
                throw Invalid(string.Create(CultureInfo.InvariantCulture, $"values[{i}] has no recordId."));
            }
        }

        return values!;
    }

    private async Task EmbedTextsAsync(ModelLease lease, SkillAnswers answers, bool truncate, CancellationToken cancellationToken)
    {
        List<int> rows = [];
        List<string> texts = [];
        for (int i = 0; i < answers.Records.Count; i++)
        {
            SkillData? data = answers.Records[i].Data;
            if (data?.Text is { } text && data.Image is null)
            {
                try
                {
                    // One by one first, so that a text that is too long fails alone.
                    requestTexts.CheckLength(text, "The text");
                    requestTexts.Tokenize(lease.Model, [text], lease.Model.ContextLength, truncate);
                    rows.Add(i);
                    texts.Add(text);
                }
                catch (Exception exception) when (exception is RequestProblemException or TextTooLongException)
                {
                    answers.Fail(i, ProblemMapper.Of(exception).Message);
                }
            }
            else if (data?.Image is null || data.Text is not null)
            {
                answers.Fail(i, "data has either text or image.");
            }
        }

        if (rows.Count > 0)
        {
            (TokenBatch tokens, _) = requestTexts.Tokenize(lease.Model, texts, lease.Model.ContextLength, truncate);
            EmbeddingMatrix vectors = (await lease.Encoder.EncodeTextAsync(tokens, QueueAdmission.IfRoom, cancellationToken)).Normalize();
            for (int row = 0; row < rows.Count; row++)
            {
                answers.Set(rows[row], Outputs(lease.Model, vectors.Row(row)));
            }
        }
    }

    private async Task<(IReadOnlyList<int> Records, EmbeddingMatrix Vectors)> EncodePicturesAsync(ModelLease lease, SkillAnswers answers, CancellationToken cancellationToken)
    {
        List<int> rows = [];
        List<PictureInput> pictures = [];
        for (int i = 0; i < answers.Records.Count; i++)
        {
            if (answers.Records[i].Data is { Image: { } image, Text: null })
            {
                rows.Add(i);
                pictures.Add(Picture(image));
            }
        }

        if (pictures.Count > options.Value.MaxPictures)
        {
            throw RequestProblemException.OverLimit("TooManyPictures", "pictures", "Clip:Http:MaxPictures", options.Value.MaxPictures, pictures.Count);
        }

        int dimension = lease.Model.EmbeddingDimension;
        if (pictures.Count == 0)
        {
            return ([], new EmbeddingMatrix([], 0, dimension));
        }

        EncodedPictures encoded;
        try
        {
            encoded = await requestPictures.EncodeAsync(lease, pictures, cancellationToken);
        }
        catch (RequestProblemException exception) when (exception.Errors is not null)
        {
            encoded = new EncodedPictures(new ReadOnlyMemory<float>?[pictures.Count], exception.Errors);
        }

        foreach (PictureError fault in encoded.Faults)
        {
            answers.Fail(rows[fault.Index], fault.Detail);
        }

        return ([.. rows.Where((_, i) => encoded.Vectors[i] is not null)], encoded.ToMatrix(dimension));
    }

    // The indexer gives a text, {"$type": "file", "data": "…"}, or an entry of normalized_images with "data".
    private static PictureInput Picture(JsonElement image)
    {
        try
        {
            JsonElement data = image.ValueKind == JsonValueKind.Object && image.TryGetProperty("data", out JsonElement inner) ? inner : image;
            return data.ValueKind == JsonValueKind.String
                ? new PictureInput(PictureInputConverter.Decode(Encoding.UTF8.GetBytes(JsonText.Of(data))))
                : new PictureInput(default, Fault: "data.image is base64, or an object with base64 in 'data'.");
        }
        catch (Exception exception) when (exception is JsonException or RequestProblemException)
        {
            return new PictureInput(default, Fault: exception.Message);
        }
    }

    private static SkillOutputs Outputs(ClipModel model, ReadOnlyMemory<float> vector) => new()
    {
        Vector = new EmbeddingVector(vector, false),
        ModelVersion = VisionHandlers.VersionOf(model),
    };

    private static RequestProblemException Invalid(string detail) => RequestProblemException.BadRequest("InvalidField", "A field cannot be used", detail);
}
