namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>A request about pictures.</summary>
internal abstract class PictureFields : ModelFields
{
    /// <summary>The pictures.</summary>
    public IReadOnlyList<PictureInput>? Images { get; set; }

    /// <summary>The picture, if it is one.</summary>
    public PictureInput? Image { get; set; }

    /// <summary>The picture, if it is one and a blob of the uploads container: <c>uploads/{path}</c>.</summary>
    public string? Blob { get; set; }

    /// <summary>The picture, if it is one, in base64.</summary>
    public string? Base64 { get; set; }
}
