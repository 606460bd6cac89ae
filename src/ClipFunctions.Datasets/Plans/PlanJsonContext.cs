using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClipFunctions.Datasets.Plans;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(PlanHeader))]
[JsonSerializable(typeof(PlanItemLine))]
internal sealed partial class PlanJsonContext : JsonSerializerContext
{
    private static PlanJsonContext? _lines;

    /// <summary>Names stay readable: the file is never part of a page.</summary>
    public static PlanJsonContext Lines => _lines ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
