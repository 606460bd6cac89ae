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
    /// A JPEG at least four times as large as needed is shrunk by its own decoder (an inverse DCT of the lowest coefficients alone, to
    /// 1/8 to 4/8) to no less than twice what the model wants, and resampled from there, at the very place and scale of the exact mode: pixels
    /// differ by a few levels. All other pictures are as exact as ever.
    /// </summary>
    [JsonStringEnumMemberName("fast")]
    Fast,
}
