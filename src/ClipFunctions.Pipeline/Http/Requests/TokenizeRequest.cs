namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary><c>POST api/tokenize</c>: the reference's <c>clip.tokenize(texts, context_length, truncate)</c>.</summary>
internal sealed class TokenizeRequest : ModelFields
{
    /// <summary>The texts.</summary>
    public IReadOnlyList<string>? Texts { get; set; }

    /// <summary>The text, if it is one.</summary>
    public string? Text { get; set; }

    /// <summary>Ids of a row; the model's own if absent.</summary>
    public int? ContextLength { get; set; }

    /// <summary>Whether a text that is too long is cut; otherwise it is an error.</summary>
    public bool? Truncate { get; set; }
}
