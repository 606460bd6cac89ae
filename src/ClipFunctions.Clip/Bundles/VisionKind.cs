using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>The family of a vision tower.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VisionKind>))]
public enum VisionKind
{
    /// <summary>A vision transformer: patches, a class token, pre-norm residual blocks.</summary>
    [JsonStringEnumMemberName("vit")]
    VisionTransformer,

    /// <summary>OpenAI's ModifiedResNet: three stem convolutions, anti-aliased strides, an attention pool.</summary>
    [JsonStringEnumMemberName("resnet")]
    ModifiedResNet,
}
