namespace ClipFunctions.Pipeline.Http.Operations;

/// <summary>The operations' routes, each under its operation's name: constants, so that attributes can name them.</summary>
public static class ClipRoutes
{
    /// <summary>The route of <c>ListModels</c>.</summary>
    public const string ListModels = "api/models";

    /// <summary>The route of <c>ListLabelSets</c>.</summary>
    public const string ListLabelSets = "api/labelsets";

    /// <summary>The route of <c>Tokenize</c>.</summary>
    public const string Tokenize = "api/tokenize";

    /// <summary>The route of <c>EmbedText</c>.</summary>
    public const string EmbedText = "api/embed/text";

    /// <summary>The route of <c>EmbedImage</c>.</summary>
    public const string EmbedImage = "api/embed/image";

    /// <summary>The route of <c>Classify</c>.</summary>
    public const string Classify = "api/classify";

    /// <summary>The route of <c>Similarity</c>.</summary>
    public const string Similarity = "api/similarity";

    /// <summary>The route of <c>Search</c>.</summary>
    public const string Search = "api/search";

    /// <summary>The route of <c>ListUploads</c>.</summary>
    public const string ListUploads = "api/uploads";

    /// <summary>The route of <c>GetUpload</c>.</summary>
    public const string GetUpload = "api/uploads/{*path}";

    /// <summary>The route of <c>GetResult</c>.</summary>
    public const string GetResult = "api/results/{*path}";

    /// <summary>The route of <c>StartEvaluation</c>.</summary>
    public const string StartEvaluation = "api/evaluations";

    /// <summary>The route of <c>ListEvaluations</c>.</summary>
    public const string ListEvaluations = "api/evaluations";

    /// <summary>The route of <c>GetEvaluation</c>.</summary>
    public const string GetEvaluation = "api/evaluations/{id}";

    /// <summary>The route of <c>CancelEvaluation</c>.</summary>
    public const string CancelEvaluation = "api/evaluations/{id}";

    /// <summary>The route of <c>GetEvaluationFile</c>.</summary>
    public const string GetEvaluationFile = "api/evaluations/{id}/{file}";

    /// <summary>The route of <c>VectorizeImage</c>.</summary>
    public const string VectorizeImage = "computervision/retrieval:vectorizeImage";

    /// <summary>The route of <c>VectorizeText</c>.</summary>
    public const string VectorizeText = "computervision/retrieval:vectorizeText";

    /// <summary>The route of <c>OpenAIEmbeddings</c>.</summary>
    public const string OpenAIEmbeddings = "v1/embeddings";

    /// <summary>The route of <c>SkillEmbed</c>.</summary>
    public const string SkillEmbed = "api/skill/embed";

    /// <summary>The route of <c>SkillClassify</c>.</summary>
    public const string SkillClassify = "api/skill/classify";

    /// <summary>The route of <c>HealthLive</c>.</summary>
    public const string HealthLive = "api/health/live";

    /// <summary>The route of <c>HealthReady</c>.</summary>
    public const string HealthReady = "api/health/ready";

    /// <summary>The route of <c>OpenApi</c>.</summary>
    public const string OpenApi = "api/openapi.json";

    /// <summary>The route of <c>Reference</c>.</summary>
    public const string Reference = "api/reference";

    /// <summary>The route of <c>ReferenceFile</c>.</summary>
    public const string ReferenceFile = "api/reference/{file}";

    /// <summary>The route of <c>Page</c>.</summary>
    public const string Page = "";

    /// <summary>
    /// <see cref="Page"/> as the Functions host must be told it: an empty route would become the function's name there, and <c>/</c> is refused by the
    /// worker. The parameter can only be empty.
    /// </summary>
    public const string PageFunction = "{ignored:maxlength(0)?}";

    /// <summary>The route of <c>PageFile</c>.</summary>
    public const string PageFile = "app/{file}";
}
