using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Uploads;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(UploadResult))]
internal sealed partial class UploadJson : JsonSerializerContext;
