using System.Text.Json.Serialization;

namespace ClipFunctions.Clip.Tokenization;

/// <summary>What happens to a text before it is split into pieces. Which one a model wants is a matter of how it was trained and published.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TextCleaning>))]
public enum TextCleaning
{
    /// <summary>Nothing.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>open_clip's <c>whitespace</c>: text repair, HTML entities, white space to single spaces.</summary>
    [JsonStringEnumMemberName("whitespace")]
    Whitespace,

    /// <summary>open_clip's <c>lower</c>: the same and lower case (openai/CLIP's cleaning).</summary>
    [JsonStringEnumMemberName("lower")]
    Lower,

    /// <summary>open_clip's <c>canonicalize</c>: text repair, HTML entities, underscores to spaces, ASCII punctuation removed, lower case, white space to single spaces (its SigLIP and SigLIP2 models).</summary>
    [JsonStringEnumMemberName("canonicalize")]
    Canonicalize,

    /// <summary>Hugging Face's <c>SiglipTokenizer</c>: lower case, ASCII punctuation removed, white space to single spaces; a text that begins with a space keeps it.</summary>
    [JsonStringEnumMemberName("siglip")]
    Siglip,

    /// <summary>Lower case alone: Hugging Face's <c>Siglip2Tokenizer</c>.</summary>
    [JsonStringEnumMemberName("lowercase")]
    Lowercase,
}
