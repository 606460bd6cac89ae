using System.Text.Json.Serialization;

namespace ClipFunctions.Datasets.Reading;

/// <summary>Why an item's bytes could not be read.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DatasetReadReason>))]
public enum DatasetReadReason
{
    /// <summary>Its file is gone or has been replaced since the plan was made.</summary>
    Changed,

    /// <summary>It is larger than <see cref="DatasetReaderOptions.MaxPictureBytes"/>.</summary>
    TooManyBytes,

    /// <summary>Its archive is damaged, or ends before it.</summary>
    Broken,
}
