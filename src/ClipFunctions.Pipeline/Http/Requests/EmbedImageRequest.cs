namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary><c>POST api/embed/image</c>: the reference's <c>model.encode_image</c>.</summary>
internal sealed class EmbedImageRequest : PictureFields
{
    /// <summary>Whether vectors are divided by their lengths; false if absent, as in the reference.</summary>
    public bool? Normalize { get; set; }

    /// <summary><c>float</c> (if absent) or <c>base64</c>: how vectors lie in JSON.</summary>
    public string? Encoding { get; set; }
}
