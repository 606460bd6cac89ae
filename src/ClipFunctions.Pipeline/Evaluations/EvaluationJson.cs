using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Evaluations;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(EvaluationRequest))]
[JsonSerializable(typeof(EvaluationStatus))]
[JsonSerializable(typeof(EvaluationRun))]
[JsonSerializable(typeof(ShardMessage))]
[JsonSerializable(typeof(FitMessage))]
[JsonSerializable(typeof(ShardFaults))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
