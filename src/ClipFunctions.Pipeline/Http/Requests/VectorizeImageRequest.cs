namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Azure AI Vision's <c>retrieval:vectorizeImage</c> in its JSON form, which names an address.</summary>
internal sealed class VectorizeImageRequest
{
    /// <summary>An address, which is refused unless it is a data URI.</summary>
    public string? Url { get; set; }
}
