namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Azure AI Vision's <c>retrieval:vectorizeText</c>.</summary>
internal sealed class VectorizeTextRequest
{
    /// <summary>The text.</summary>
    public string? Text { get; set; }
}
