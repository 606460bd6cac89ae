namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A vector in OpenAI's form.</summary>
/// <param name="Object"><c>embedding</c>.</param>
/// <param name="Index">Which input.</param>
/// <param name="Embedding">Of length 1.</param>
internal sealed record OpenAIEmbedding(string Object, int Index, EmbeddingVector Embedding);
