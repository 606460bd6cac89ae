using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Bundles;

/// <summary>Which position of a token row gives the text's vector.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TextPooling>))]
public enum TextPooling
{
    /// <summary>The first occurrence of the row's largest id, which is the end token in CLIP's vocabularies (openai/CLIP).</summary>
    [JsonStringEnumMemberName("argmax")]
    ArgMax,

    /// <summary>The first end token by its id (Hugging Face's newer rule).</summary>
    [JsonStringEnumMemberName("first_eos")]
    FirstEndToken,

    /// <summary>The row's last position (SigLIP).</summary>
    [JsonStringEnumMemberName("last")]
    Last,
}
