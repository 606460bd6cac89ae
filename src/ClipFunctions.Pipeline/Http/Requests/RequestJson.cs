using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Our own requests: a field that is not known is an error, since it would change nothing.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TokenizeRequest))]
[JsonSerializable(typeof(EmbedTextRequest))]
[JsonSerializable(typeof(EmbedImageRequest))]
[JsonSerializable(typeof(ClassifyRequest))]
[JsonSerializable(typeof(SimilarityRequest))]
internal sealed partial class RequestJson : JsonSerializerContext;

/// <summary>Requests in other services' forms: fields that mean nothing here are passed over.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(VectorizeTextRequest))]
[JsonSerializable(typeof(VectorizeImageRequest))]
[JsonSerializable(typeof(OpenAIEmbeddingsRequest))]
[JsonSerializable(typeof(SkillRequest))]
internal sealed partial class DropInRequestJson : JsonSerializerContext;
