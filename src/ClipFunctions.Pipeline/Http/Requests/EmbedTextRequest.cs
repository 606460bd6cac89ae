namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary><c>POST api/embed/text</c>: the reference's <c>model.encode_text</c>.</summary>
internal sealed class EmbedTextRequest : ModelFields
{
    /// <summary>The texts.</summary>
    public IReadOnlyList<string>? Texts { get; set; }

    /// <summary>The text, if it is one.</summary>
    public string? Text { get; set; }

    /// <summary>Whether vectors are divided by their lengths; false if absent, as in the reference.</summary>
    public bool? Normalize { get; set; }

    /// <summary>Whether a text that is too long is cut; otherwise it is an error.</summary>
    public bool? Truncate { get; set; }

    /// <summary><c>float</c> (if absent) or <c>base64</c>: how vectors lie in JSON.</summary>
    public string? Encoding { get; set; }
}
