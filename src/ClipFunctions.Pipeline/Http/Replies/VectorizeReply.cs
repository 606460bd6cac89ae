namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>Azure AI Vision's answer.</summary>
/// <param name="ModelVersion">The model's id and the beginning of its fingerprint.</param>
/// <param name="Vector">Of length 1.</param>
internal sealed record VectorizeReply(string ModelVersion, EmbeddingVector Vector);
