using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Imaging;

/// <summary>How closely <see cref="ClipPreprocessor"/> follows the reference.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PreprocessingMode>))]
public enum PreprocessingMode
{
    /// <summary>The reference's pixels, to the bit.</summary>
    [JsonStringEnumMemberName("exact")]
    Exact,

    /// <summary>
    /// A JPEG of gray or three components at least 8/3 as large as needed is shrunk by its own decoder (libjpeg's scaled inverse DCT, by
    /// 1/8 to 6/8) to no less than twice what the model wants, and resampled from there, at the very place and scale of the exact mode: pixels
    /// differ by a few levels. All other pictures are as exact as ever.
    /// </summary>
    [JsonStringEnumMemberName("fast")]
    Fast,
}
