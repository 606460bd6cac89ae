using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>How logits become probabilities.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScoringKind>))]
public enum ScoringKind
{
    /// <summary>Softmax over the labels: they exclude one another (CLIP).</summary>
    [JsonStringEnumMemberName("softmax")]
    Softmax,

    /// <summary>A sigmoid per label: each is its own yes or no (SigLIP).</summary>
    [JsonStringEnumMemberName("sigmoid")]
    Sigmoid,
}
