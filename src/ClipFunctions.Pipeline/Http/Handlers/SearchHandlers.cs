using System.Globalization;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using ClipFunctions.Pipeline.Search;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>Finds tagged pictures by words, or by another picture.</summary>
internal sealed class SearchHandlers(EmbeddingIndex index, RequestModels models, RequestTexts requestTexts)
{
    internal const int DefaultTop = 24;
    internal const int MaxTop = 1000;
    private const int MaxSkip = 1_000_000;

    /// <summary><c>GET api/search</c>.</summary>
    public async Task<IResult> SearchAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        int top = RequestNumbers.Read(request, "top", DefaultTop, 1, MaxTop);
        int skip = RequestNumbers.Read(request, "skip", 0, 0, MaxSkip);
        string? text = request.Query["text"];
        string? like = request.Query["like"];
        if (string.IsNullOrWhiteSpace(text) == string.IsNullOrEmpty(like))
        {
            throw RequestProblemException.BadRequest("InvalidField", "A field cannot be used", "Send either 'text' (words) or 'like' (the path of a tagged upload).");
        }

        using ModelLease lease = await models.LeaseAsync(request.Query["model"], cancellationToken);
        ClipModel model = lease.Model;
        IndexSnapshot snapshot;
        ReadOnlyMemory<float> query;
        if (like is { Length: > 0 })
        {
            snapshot = await index.GetAsync(cancellationToken);
            query = snapshot.Find(like) is { Vector.IsEmpty: false } entry && entry.Model.Fingerprint == model.Fingerprint
                ? entry.Vector
                : throw new RequestProblemException(404, "NotFound", "There is no such picture", $"No upload of that name has been tagged with model '{model.Manifest.Id}'.");
        }
        else
        {
            (TokenBatch tokens, _) = requestTexts.Tokenize(model, requestTexts.Check(null, text), model.ContextLength, VisionHandlers.Truncates(request));
            Task<IndexSnapshot> reading = index.GetAsync(cancellationToken);
            query = (await lease.Encoder.EncodeTextAsync(tokens, QueueAdmission.IfRoom, cancellationToken)).Row(0);
            snapshot = await reading;
        }

        SearchPage page = snapshot.Search(model.Fingerprint, query.Span, top, skip, cancellationToken);
        SearchReply reply = new()
        {
            Model = model.Manifest.Id,
            Fingerprint = model.Fingerprint,
            Pictures = page.Pictures,
            Truncated = snapshot.Truncated,
            Results = [.. page.Hits.Select(hit => new SearchHit(
                hit.Entry.Name,
                hit.Score,
                UploadHandlers.Labels(hit.Entry),
                hit.Entry.Time,
                RequestPath.PictureOf(request, hit.Entry.Name),
                RequestPath.ResultOf(request, hit.Entry.Name)))],
            Next = page.Hits.Count == top && skip + top < page.Pictures ? NextOf(request, top, skip + top) : null,
        };
        return Results.Json(reply, ReplyJson.Readable.SearchReply);
    }

    private static string NextOf(HttpRequest request, int top, int skip)
    {
        // The key stays out: the address may be logged or shared.
        IEnumerable<string> fields = request.Query
            .Where(field => field.Key.ToLowerInvariant() is "text" or "like" or "model" or "truncate")
            .Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value.ToString())}");
        return string.Create(CultureInfo.InvariantCulture, $"{RequestPath.Root(request)}api/search?{string.Join('&', fields)}&top={top}&skip={skip}");
    }
}
