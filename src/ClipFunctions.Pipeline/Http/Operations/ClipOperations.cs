using ClipFunctions.Pipeline.Http.Handlers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Pipeline.Http.Operations;

/// <summary>All that can be asked over HTTP: the one list that hosts, tests and the OpenAPI document go by.</summary>
public static class ClipOperations
{
    private const string Get = "GET";
    private const string Post = "POST";
    private const string Delete = "DELETE";

    /// <summary>The operations.</summary>
    public static IReadOnlyList<ClipOperation> All { get; } =
    [
        Keyed("ListModels", Get, "api/models", (ModelHandlers handlers, HttpContext _, CancellationToken token) => handlers.ListModelsAsync(token)),
        Keyed("ListLabelSets", Get, "api/labelsets", (ModelHandlers handlers, HttpContext context, CancellationToken token) => handlers.ListLabelSetsAsync(context.Request, token)),
        Keyed("Tokenize", Post, "api/tokenize", (TokenizeHandlers handlers, HttpContext context, CancellationToken token) => handlers.TokenizeAsync(context.Request, token)),
        Keyed("EmbedText", Post, "api/embed/text", (EmbedHandlers handlers, HttpContext context, CancellationToken token) => handlers.EmbedTextAsync(context.Request, token)),
        Keyed("EmbedImage", Post, "api/embed/image", (EmbedHandlers handlers, HttpContext context, CancellationToken token) => handlers.EmbedImageAsync(context.Request, token)),
        Keyed("Classify", Post, "api/classify", (ClassifyHandlers handlers, HttpContext context, CancellationToken token) => handlers.ClassifyAsync(context.Request, token)),
        Keyed("Similarity", Post, "api/similarity", (SimilarityHandlers handlers, HttpContext context, CancellationToken token) => handlers.CompareAsync(context.Request, token)),
        Keyed("Search", Get, "api/search", (SearchHandlers handlers, HttpContext context, CancellationToken token) => handlers.SearchAsync(context.Request, token)),
        Keyed("ListUploads", Get, "api/uploads", (UploadHandlers handlers, HttpContext context, CancellationToken token) => handlers.ListAsync(context.Request, token)),
        Keyed("GetUpload", Get, "api/uploads/{*path}", (UploadHandlers handlers, HttpContext context, CancellationToken token) => handlers.GetAsync(context, token)),
        Keyed("GetResult", Get, "api/results/{*path}", (UploadHandlers handlers, HttpContext context, CancellationToken token) => handlers.GetResultAsync(context, token)),
        Keyed("StartEvaluation", Post, "api/evaluations", (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.StartAsync(context.Request, token)),
        Keyed("ListEvaluations", Get, "api/evaluations", (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.ListAsync(context.Request, token)),
        Keyed("GetEvaluation", Get, "api/evaluations/{id}", (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.GetAsync(context, token)),
        Keyed("CancelEvaluation", Delete, "api/evaluations/{id}", (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.CancelAsync(context, token)),
        Keyed("GetEvaluationFile", Get, "api/evaluations/{id}/{file}", (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.GetFileAsync(context, token)),
        DropIn("VectorizeImage", "computervision/retrieval:vectorizeImage", (VisionHandlers handlers, HttpContext context, CancellationToken token) => handlers.VectorizeImageAsync(context.Request, token)),
        DropIn("VectorizeText", "computervision/retrieval:vectorizeText", (VisionHandlers handlers, HttpContext context, CancellationToken token) => handlers.VectorizeTextAsync(context.Request, token)),
        DropIn("OpenAIEmbeddings", "v1/embeddings", (OpenAIHandlers handlers, HttpContext context, CancellationToken token) => handlers.EmbedAsync(context.Request, token)),
        DropIn("SkillEmbed", "api/skill/embed", (SkillHandlers handlers, HttpContext context, CancellationToken token) => handlers.EmbedAsync(context.Request, token)),
        DropIn("SkillClassify", "api/skill/classify", (SkillHandlers handlers, HttpContext context, CancellationToken token) => handlers.ClassifyAsync(context.Request, token)),
        Public("HealthLive", "api/health/live", (HealthHandlers _, HttpContext _, CancellationToken _) => Task.FromResult(HealthHandlers.Live())),
        Public("HealthReady", "api/health/ready", (HealthHandlers handlers, HttpContext _, CancellationToken token) => handlers.ReadyAsync(token)),
        Public("OpenApi", "api/openapi.json", (OpenApiHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.Send(context))),
        Public("Reference", "api/reference", (PageHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.Reference(context))),
        Public("ReferenceFile", "api/reference/{file}", (PageHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.ReferenceFile(context, (string)context.Request.RouteValues["file"]!))),
        Public("Page", "", (PageHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.Page(context))),
        Public("PageFile", "app/{file}", (PageHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.File(context, (string)context.Request.RouteValues["file"]!))),
    ];

    /// <summary>An operation by its name.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    public static ClipOperation Find(string name) =>
        All.FirstOrDefault(operation => operation.Name == name) ?? throw new KeyNotFoundException($"There is no operation '{name}'.");

    private static ClipOperation Keyed<THandlers>(string name, string method, string route, Func<THandlers, HttpContext, CancellationToken, Task<IResult>> handle)
        where THandlers : notnull => Operation(name, method, route, OperationAccess.Keyed, isDropIn: false, handle);

    private static ClipOperation DropIn<THandlers>(string name, string route, Func<THandlers, HttpContext, CancellationToken, Task<IResult>> handle)
        where THandlers : notnull => Operation(name, Post, route, OperationAccess.Keyed, isDropIn: true, handle);

    private static ClipOperation Public<THandlers>(string name, string route, Func<THandlers, HttpContext, CancellationToken, Task<IResult>> handle)
        where THandlers : notnull => Operation(name, Get, route, OperationAccess.Public, isDropIn: false, handle);

    private static ClipOperation Operation<THandlers>(
        string name,
        string method,
        string route,
        OperationAccess access,
        bool isDropIn,
        Func<THandlers, HttpContext, CancellationToken, Task<IResult>> handle)
        where THandlers : notnull => new()
        {
            Name = name,
            Method = method,
            Route = route,
            Access = access,
            IsDropIn = isDropIn,
            Handle = (services, context, token) => handle(services.GetRequiredService<THandlers>(), context, token),
        };
}
