using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>What happens to a picture before it reaches the vision tower.</summary>
/// <remarks>Defaults stand in the getters, because the JSON source generator sets every init-only property that is absent to null.</remarks>
public sealed record PreprocessingSpec
{
    /// <summary>OpenAI's channel means, red, green, blue, on a scale of 0…1.</summary>
    public static IReadOnlyList<float> OpenAiMean { get; } = [0.48145466f, 0.4578275f, 0.40821073f];

    /// <summary>OpenAI's channel standard deviations.</summary>
    public static IReadOnlyList<float> OpenAiStd { get; } = [0.26862954f, 0.26130258f, 0.27577711f];

    /// <summary>Side of the square that results, in pixels.</summary>
    public required int Size { get; init; }

    /// <summary>Channel means, red, green, blue, on a scale of 0…1.</summary>
    public IReadOnlyList<float> Mean { get => field ?? OpenAiMean; init; }

    /// <summary>Channel standard deviations, each above 0.</summary>
    public IReadOnlyList<float> Std { get => field ?? OpenAiStd; init; }

    /// <summary>
    /// <c>shortest</c>: the short side becomes <see cref="Size"/> and the middle is cut out (CLIP); <c>squash</c>: both sides do,
    /// whatever the ratio; <c>longest</c>: the long side does, and the square is filled beside the picture (open_clip).
    /// </summary>
    public string ResizeMode { get => field ?? "shortest"; init; }

    /// <summary>The value of each channel beside the picture where <see cref="ResizeMode"/> is <c>longest</c>, 0 (also if absent) to 255.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int FillColor { get; init; }

    /// <summary><c>bicubic</c> (CLIP) or <c>bilinear</c>, both antialiased as Pillow does it.</summary>
    public string Interpolation { get => field ?? "bicubic"; init; }
}
