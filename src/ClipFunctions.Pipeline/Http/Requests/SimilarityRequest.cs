namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary><c>POST api/similarity</c>: the reference's <c>model(image, text)</c>.</summary>
internal sealed class SimilarityRequest : PictureFields
{
    /// <summary>The texts.</summary>
    public IReadOnlyList<string>? Texts { get; set; }

    /// <summary>Whether a text that is too long is cut; otherwise it is an error.</summary>
    public bool? Truncate { get; set; }
}
