using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Uploads;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, WriteIndented = true)]
[JsonSerializable(typeof(UploadResult))]
internal sealed partial class UploadJson : JsonSerializerContext;
