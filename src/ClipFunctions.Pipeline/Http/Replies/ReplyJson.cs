using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Pipeline.Http.Problems;

namespace ClipFunctions.Pipeline.Http.Replies;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProblemReply))]
[JsonSerializable(typeof(HealthReply))]
[JsonSerializable(typeof(ModelsReply))]
[JsonSerializable(typeof(LabelSetsReply))]
[JsonSerializable(typeof(TokenizeReply))]
[JsonSerializable(typeof(EmbeddingsReply))]
[JsonSerializable(typeof(ClassifyReply))]
[JsonSerializable(typeof(SimilarityReply))]
[JsonSerializable(typeof(VectorizeReply))]
[JsonSerializable(typeof(OpenAIEmbeddingsReply))]
[JsonSerializable(typeof(SkillReply))]
[JsonSerializable(typeof(SearchReply))]
[JsonSerializable(typeof(UploadsReply))]
[JsonSerializable(typeof(EvaluationStatus))]
[JsonSerializable(typeof(EvaluationsReply))]
internal sealed partial class ReplyJson : JsonSerializerContext
{
    private static ReplyJson? _readable;

    /// <summary>Writes <c>&lt;|endoftext|&gt;</c> and the like as they are: the answers are JSON by their media type, and never part of a page.</summary>
    public static ReplyJson Readable => _readable ??= new ReplyJson(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
