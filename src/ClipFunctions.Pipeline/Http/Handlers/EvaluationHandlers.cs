using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>Starts, lists, shows and stops evaluations.</summary>
internal sealed class EvaluationHandlers(RequestReader reader, EvaluationStarter starter, EvaluationStore store)
{
    private const int DefaultTop = 20;
    private const int MaxTop = 200;
    private const int Readers = 8;

    // A report is one file that runs nothing and fetches nothing.
    private const string ReportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox";

    private static readonly Dictionary<string, (string File, string Type)> Files = new(StringComparer.Ordinal)
    {
        ["report"] = ("report.html", "text/html; charset=utf-8"),
        ["report.html"] = ("report.html", "text/html; charset=utf-8"),
        ["report.json"] = ("report.json", "application/json"),
        ["classifier.npz"] = ("classifier.npz", "application/octet-stream"),
    };

    /// <summary><c>POST api/evaluations</c>: 202 with the run's status.</summary>
    public async Task<IResult> StartAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        EvaluationRequest asked = await reader.ReadJsonAsync(request, EvaluationJson.Default.EvaluationRequest, cancellationToken);
        EvaluationStatus status = await starter.StartAsync(asked, cancellationToken);
        request.HttpContext.Response.Headers.Location = $"{RequestPath.Root(request)}api/evaluations/{status.RunId}";
        return Results.Json(status, ReplyJson.Readable.EvaluationStatus, statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary><c>GET api/evaluations</c>: the runs, the newest first.</summary>
    public async Task<IResult> ListAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        int top = RequestNumbers.Read(request, "top", DefaultTop, 1, MaxTop);
        List<string> ids = [];
        await foreach (string id in store.ListAsync(cancellationToken))
        {
            ids.Add(id);
        }

        ParallelOptions options = new() { MaxDegreeOfParallelism = Readers, CancellationToken = cancellationToken };
        EvaluationStatus?[] statuses = new EvaluationStatus?[ids.Count];
        await Parallel.ForAsync(0, ids.Count, options, async (i, token) => statuses[i] = await store.StatusAsync(ids[i], token));
        EvaluationStatus[] newest = [.. statuses.OfType<EvaluationStatus>().OrderByDescending(status => status.Created).ThenBy(status => status.RunId, StringComparer.Ordinal).Take(top)];
        await Parallel.ForAsync(0, newest.Length, options, async (i, token) => newest[i] = await WithShardsDoneAsync(newest[i], token));
        return Results.Json(new EvaluationsReply(ids.Count, newest), ReplyJson.Readable.EvaluationsReply);
    }

    /// <summary><c>GET api/evaluations/{id}</c>: a run's status.</summary>
    public async Task<IResult> GetAsync(HttpContext context, CancellationToken cancellationToken)
    {
        string id = IdOf(context);
        EvaluationStatus status = await store.StatusAsync(id, cancellationToken) ?? throw NotFound();
        return Results.Json(await WithShardsDoneAsync(status, cancellationToken), ReplyJson.Readable.EvaluationStatus);
    }

    /// <summary><c>DELETE api/evaluations/{id}</c>: stops a run.</summary>
    public async Task<IResult> CancelAsync(HttpContext context, CancellationToken cancellationToken) =>
        Results.Json(await starter.CancelAsync(IdOf(context), cancellationToken) ?? throw NotFound(), ReplyJson.Readable.EvaluationStatus);

    /// <summary><c>GET api/evaluations/{id}/{file}</c>: the report (<c>report</c>, <c>report.json</c>) or the classifier (<c>classifier.npz</c>).</summary>
    public async Task<IResult> GetFileAsync(HttpContext context, CancellationToken cancellationToken)
    {
        string id = IdOf(context);
        if (!Files.TryGetValue((string?)context.Request.RouteValues["file"] ?? "", out (string File, string Type) file))
        {
            throw new RequestProblemException(404, "NotFound", "There is nothing here", $"A run has {string.Join(", ", Files.Keys)}.");
        }

        BinaryData content = await store.ReadFileAsync(id, file.File, cancellationToken)
            ?? throw new RequestProblemException(404, "NotFound", "There is nothing here", "The run is not done, or has no such file: see its status.");
        context.Response.Headers.ContentSecurityPolicy = ReportPolicy;
        return Results.Bytes(content.ToMemory(), file.Type);
    }

    // Shards are counted where they lie: a status that told it would be written by all workers at once.
    private async Task<EvaluationStatus> WithShardsDoneAsync(EvaluationStatus status, CancellationToken cancellationToken)
    {
        if (status.State != EvaluationState.Extracting || await store.RunAsync(status.RunId, cancellationToken) is not { } run)
        {
            return status;
        }

        HashSet<int> done = await store.ShardsDoneAsync(run.Features, cancellationToken);
        return status with { ShardsDone = run.Shards.Count(shard => done.Contains(shard.Index)) };
    }

    private static string IdOf(HttpContext context)
    {
        string id = (string?)context.Request.RouteValues["id"] ?? "";
        return EvaluationRequestReader.IsRunId(id) ? id : throw NotFound();
    }

    private static RequestProblemException NotFound() => new(404, "NotFound", "There is nothing here", "There is no evaluation of that id.");
}
