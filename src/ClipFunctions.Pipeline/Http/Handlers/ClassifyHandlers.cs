using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>Zero-shot prediction.</summary>
internal sealed class ClassifyHandlers(RequestReader reader, RequestModels models, RequestLabels requestLabels, RequestPictures requestPictures)
{
    /// <summary><c>POST api/classify</c>.</summary>
    public async Task<IResult> ClassifyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        (ClassifyRequest asked, IReadOnlyList<PictureInput> pictures) = await reader.ReadPicturesAsync(request, RequestJson.Default.ClassifyRequest, cancellationToken);
        RequestLabels.CheckTopK(asked.TopK);
        using ModelLease lease = await models.LeaseAsync(asked.Model, cancellationToken);
        ClipModel model = lease.Model;
        LabelSet labels = requestLabels.Find(model, asked.Labels, asked.Templates, asked.LabelSet);
        EncodedPictures encoded = await requestPictures.EncodeAsync(lease, pictures, cancellationToken);
        IReadOnlyList<IReadOnlyList<LabelScore>> scores = await requestLabels.ClassifyAsync(
            model, encoded.ToMatrix(model.EmbeddingDimension), labels, asked.TopK, cancellationToken);

        int row = 0;
        ClassifyReply reply = new()
        {
            Model = model.Manifest.Id,
            Fingerprint = model.Fingerprint,
            LabelSet = new ClassifyLabelSet(labels.Name, labels.Id, labels.Labels.Count),
            Scoring = NameOf(model.Manifest.Scoring.Kind),
            Results = [.. encoded.Vectors.Select((vector, i) => vector is null
                ? null
                : new ClassifiedPicture(pictures[i].Name, Describe(scores[row++])))],
            Errors = encoded.Faults.Count > 0 ? encoded.Faults : null,
        };
        return Results.Json(reply, ReplyJson.Readable.ClassifyReply);
    }

    internal static string NameOf(ScoringKind kind) => kind == ScoringKind.Sigmoid ? "sigmoid" : "softmax";

    internal static IReadOnlyList<ClassifiedLabel> Describe(IReadOnlyList<LabelScore> scores) =>
        [.. scores.Select(score => new ClassifiedLabel(score.Label, score.Index, score.Probability, score.Logit))];
}
