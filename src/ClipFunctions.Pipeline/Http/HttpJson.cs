using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HealthReply))]
internal sealed partial class HttpJson : JsonSerializerContext;
