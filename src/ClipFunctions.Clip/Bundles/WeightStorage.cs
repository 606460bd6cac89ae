using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>How matrices lie in the graph's file; the arithmetic is <see cref="BundleManifest.Precision"/>'s all the same.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WeightStorage>))]
public enum WeightStorage
{
    /// <summary>As 32-bit floats.</summary>
    [JsonStringEnumMemberName("fp32")]
    Fp32,

    /// <summary>As 16-bit floats wherever every value of a matrix is one already, so that no bit is lost; else as 32-bit floats.</summary>
    [JsonStringEnumMemberName("fp16_where_exact")]
    Fp16WhereExact,

    /// <summary>As 16-bit floats, rounded to the nearest where need be.</summary>
    [JsonStringEnumMemberName("fp16")]
    Fp16,

    /// <summary>The transformers' matrices and the token table as 8-bit integers with a scale for each row, the rest as <see cref="Fp16WhereExact"/>.</summary>
    [JsonStringEnumMemberName("int8")]
    EightBit,
}
