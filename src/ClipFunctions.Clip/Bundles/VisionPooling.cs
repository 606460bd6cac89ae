using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>What gives a vision transformer's vector.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VisionPooling>))]
public enum VisionPooling
{
    /// <summary>The class token: a learned position before the patches, a norm before the blocks, a projection at the end (CLIP).</summary>
    [JsonStringEnumMemberName("class_token")]
    ClassToken,

    /// <summary>A learned query that attends to all patches, with an MLP of its own; neither class token nor projection (SigLIP).</summary>
    [JsonStringEnumMemberName("attention_map")]
    AttentionMap,
}
