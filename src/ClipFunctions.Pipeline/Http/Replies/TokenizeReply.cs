namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>Tokenized texts.</summary>
/// <param name="Model">The model whose tokenizer it was.</param>
/// <param name="ContextLength">Ids of a row.</param>
/// <param name="Results">The texts, in their order.</param>
internal sealed record TokenizeReply(string Model, int ContextLength, IReadOnlyList<TokenizedText> Results);
