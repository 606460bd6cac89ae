using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>What a result record says of its upload.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<UploadState>))]
public enum UploadState
{
    /// <summary>Embedded and tagged.</summary>
    [JsonStringEnumMemberName("tagged")]
    Tagged,

    /// <summary>A permanent fault of the picture itself; the record tells the reason.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
