namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>OpenAI's answer of <c>v1/embeddings</c>.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">The vectors.</param>
/// <param name="Model">The model's id.</param>
/// <param name="Usage">What it took.</param>
internal sealed record OpenAIEmbeddingsReply(string Object, IReadOnlyList<OpenAIEmbedding> Data, string Model, OpenAIUsage Usage);
