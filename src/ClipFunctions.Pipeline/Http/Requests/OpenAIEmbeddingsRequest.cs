using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>OpenAI's <c>POST v1/embeddings</c>.</summary>
internal sealed class OpenAIEmbeddingsRequest
{
    /// <summary>A text, a data URI, or a list of texts, data URIs, <c>{"text": …}</c> and <c>{"image": …}</c>.</summary>
    public JsonElement? Input { get; set; }

    /// <summary>The model.</summary>
    public string? Model { get; set; }

    /// <summary><c>float</c> (if absent) or <c>base64</c>.</summary>
    [JsonPropertyName("encoding_format")]
    public string? EncodingFormat { get; set; }

    /// <summary>The length of the vectors; only the model's own.</summary>
    public int? Dimensions { get; set; }
}
