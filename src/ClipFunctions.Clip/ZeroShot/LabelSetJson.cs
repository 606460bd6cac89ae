using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.ZeroShot;

internal sealed record LabelSetJson
{
    public required string Name { get; init; }

    public required IReadOnlyList<string> Templates { get; init; }

    public required IReadOnlyList<string> Labels { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(LabelSetJson))]
internal sealed partial class LabelSetJsonContext : JsonSerializerContext;
