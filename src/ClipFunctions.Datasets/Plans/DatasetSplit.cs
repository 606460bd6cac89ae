using System.Text.Json.Serialization;

namespace ClipFunctions.Datasets.Plans;

/// <summary>What a picture is there for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DatasetSplit>))]
public enum DatasetSplit
{
    /// <summary>Fitted on.</summary>
    [JsonStringEnumMemberName("train")]
    Train,

    /// <summary>Settings are chosen by it.</summary>
    [JsonStringEnumMemberName("validation")]
    Validation,

    /// <summary>Measured on.</summary>
    [JsonStringEnumMemberName("test")]
    Test,
}
