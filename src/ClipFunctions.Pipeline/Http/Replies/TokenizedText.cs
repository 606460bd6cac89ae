namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A tokenized text.</summary>
/// <param name="Ids">The row as <c>clip.tokenize</c> gives it, padding included.</param>
/// <param name="Count">How many of them are the text's, start and end token included.</param>
/// <param name="Tokens">Those, as text.</param>
internal sealed record TokenizedText(IReadOnlyList<int> Ids, int Count, IReadOnlyList<string> Tokens);
