using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>What a tower's ONNX graph takes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GraphInputKind>))]
public enum GraphInputKind
{
    /// <summary>Pixels, uint8 <c>[n, size, size, 3]</c> in 0…255; scaling and normalisation are inside the graph.</summary>
    [JsonStringEnumMemberName("pixels_uint8_nhwc")]
    PixelsUInt8Nhwc,

    /// <summary>Pixels, float32 <c>[n, 3, size, size]</c>, already normalised with the model's mean and standard deviation.</summary>
    [JsonStringEnumMemberName("pixels_float32_nchw")]
    PixelsFloat32Nchw,

    /// <summary>Tokens, int32 <c>[n, context]</c>.</summary>
    [JsonStringEnumMemberName("tokens_int32")]
    TokensInt32,

    /// <summary>Tokens, int64 <c>[n, context]</c>.</summary>
    [JsonStringEnumMemberName("tokens_int64")]
    TokensInt64,
}
