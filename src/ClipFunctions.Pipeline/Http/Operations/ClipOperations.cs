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
        Keyed(nameof(ClipRoutes.ListModels), Get, ClipRoutes.ListModels, (ModelHandlers handlers, HttpContext _, CancellationToken token) => handlers.ListModelsAsync(token)),
        Keyed(nameof(ClipRoutes.ListLabelSets), Get, ClipRoutes.ListLabelSets, (ModelHandlers handlers, HttpContext context, CancellationToken token) => handlers.ListLabelSetsAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.Tokenize), Post, ClipRoutes.Tokenize, (TokenizeHandlers handlers, HttpContext context, CancellationToken token) => handlers.TokenizeAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.EmbedText), Post, ClipRoutes.EmbedText, (EmbedHandlers handlers, HttpContext context, CancellationToken token) => handlers.EmbedTextAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.EmbedImage), Post, ClipRoutes.EmbedImage, (EmbedHandlers handlers, HttpContext context, CancellationToken token) => handlers.EmbedImageAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.Classify), Post, ClipRoutes.Classify, (ClassifyHandlers handlers, HttpContext context, CancellationToken token) => handlers.ClassifyAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.Similarity), Post, ClipRoutes.Similarity, (SimilarityHandlers handlers, HttpContext context, CancellationToken token) => handlers.CompareAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.Search), Get, ClipRoutes.Search, (SearchHandlers handlers, HttpContext context, CancellationToken token) => handlers.SearchAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.ListUploads), Get, ClipRoutes.ListUploads, (UploadHandlers handlers, HttpContext context, CancellationToken token) => handlers.ListAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.GetUpload), Get, ClipRoutes.GetUpload, (UploadHandlers handlers, HttpContext context, CancellationToken token) => handlers.GetAsync(context, token)),
        Keyed(nameof(ClipRoutes.GetResult), Get, ClipRoutes.GetResult, (UploadHandlers handlers, HttpContext context, CancellationToken token) => handlers.GetResultAsync(context, token)),
        Keyed(nameof(ClipRoutes.StartEvaluation), Post, ClipRoutes.StartEvaluation, (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.StartAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.ListEvaluations), Get, ClipRoutes.ListEvaluations, (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.ListAsync(context.Request, token)),
        Keyed(nameof(ClipRoutes.GetEvaluation), Get, ClipRoutes.GetEvaluation, (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.GetAsync(context, token)),
        Keyed(nameof(ClipRoutes.CancelEvaluation), Delete, ClipRoutes.CancelEvaluation, (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.CancelAsync(context, token)),
        Keyed(nameof(ClipRoutes.GetEvaluationFile), Get, ClipRoutes.GetEvaluationFile, (EvaluationHandlers handlers, HttpContext context, CancellationToken token) => handlers.GetFileAsync(context, token)),
        DropIn(nameof(ClipRoutes.VectorizeImage), ClipRoutes.VectorizeImage, (VisionHandlers handlers, HttpContext context, CancellationToken token) => handlers.VectorizeImageAsync(context.Request, token)),
        DropIn(nameof(ClipRoutes.VectorizeText), ClipRoutes.VectorizeText, (VisionHandlers handlers, HttpContext context, CancellationToken token) => handlers.VectorizeTextAsync(context.Request, token)),
        DropIn(nameof(ClipRoutes.OpenAIEmbeddings), ClipRoutes.OpenAIEmbeddings, (OpenAIHandlers handlers, HttpContext context, CancellationToken token) => handlers.EmbedAsync(context.Request, token)),
        DropIn(nameof(ClipRoutes.SkillEmbed), ClipRoutes.SkillEmbed, (SkillHandlers handlers, HttpContext context, CancellationToken token) => handlers.EmbedAsync(context.Request, token)),
        DropIn(nameof(ClipRoutes.SkillClassify), ClipRoutes.SkillClassify, (SkillHandlers handlers, HttpContext context, CancellationToken token) => handlers.ClassifyAsync(context.Request, token)),
        Public(nameof(ClipRoutes.HealthLive), ClipRoutes.HealthLive, (HealthHandlers _, HttpContext _, CancellationToken _) => Task.FromResult(HealthHandlers.Live())),
        Public(nameof(ClipRoutes.HealthReady), ClipRoutes.HealthReady, (HealthHandlers handlers, HttpContext _, CancellationToken token) => handlers.ReadyAsync(token)),
        Public(nameof(ClipRoutes.OpenApi), ClipRoutes.OpenApi, (OpenApiHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.Send(context))),
        Public(nameof(ClipRoutes.Reference), ClipRoutes.Reference, (PageHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.Reference(context))),
        Public(nameof(ClipRoutes.ReferenceFile), ClipRoutes.ReferenceFile, (PageHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.ReferenceFile(context, (string)context.Request.RouteValues["file"]!))),
        Public(nameof(ClipRoutes.Page), ClipRoutes.Page, (PageHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.Page(context))),
        Public(nameof(ClipRoutes.PageFile), ClipRoutes.PageFile, (PageHandlers handlers, HttpContext context, CancellationToken _) => Task.FromResult(handlers.File(context, (string)context.Request.RouteValues["file"]!))),
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
