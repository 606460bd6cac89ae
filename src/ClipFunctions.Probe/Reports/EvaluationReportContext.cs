using System.Text.Json.Serialization;

namespace ClipFunctions.Probe.Reports;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(EvaluationReport))]
internal sealed partial class EvaluationReportContext : JsonSerializerContext;
