using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>The arithmetic of a bundle's graphs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelPrecision>))]
public enum ModelPrecision
{
    /// <summary>32-bit floats.</summary>
    [JsonStringEnumMemberName("fp32")]
    Fp32,

    /// <summary>16-bit floats; layer norms and softmax in 32 bits.</summary>
    [JsonStringEnumMemberName("fp16")]
    Fp16,

    /// <summary>8-bit weights, activations quantised per run.</summary>
    [JsonStringEnumMemberName("int8")]
    DynamicInt8,
}
