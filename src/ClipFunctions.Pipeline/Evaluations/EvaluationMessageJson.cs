using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>Messages on one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EvaluationRequest))]
internal sealed partial class EvaluationMessageJson : JsonSerializerContext;
