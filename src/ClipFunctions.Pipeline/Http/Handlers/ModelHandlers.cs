using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using ClipFunctions.Pipeline.Labels;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>What can be asked about, and with which labels.</summary>
internal sealed class ModelHandlers(RequestModels models, LabelSetProvider labelSets)
{
    /// <summary><c>GET api/models</c>.</summary>
    public async Task<IResult> ListModelsAsync(CancellationToken cancellationToken) =>
        Results.Json(await models.ListAsync(cancellationToken), ReplyJson.Readable.ModelsReply);

    /// <summary><c>GET api/labelsets</c>.</summary>
    public async Task<IResult> ListLabelSetsAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using ModelLease lease = await models.LeaseAsync(request.Query["model"], cancellationToken);
        ClipModel model = lease.Model;
        IReadOnlyList<LabelSet> sets = labelSets.All(model);
        LabelSetsReply reply = new(
            labelSets.Default(model)?.Name ?? "",
            [.. sets.Select(set => new LabelSetReply(set.Name, set.Id, set.Labels.Count, set.Labels, set.Templates))]);
        return Results.Json(reply, ReplyJson.Readable.LabelSetsReply);
    }
}
