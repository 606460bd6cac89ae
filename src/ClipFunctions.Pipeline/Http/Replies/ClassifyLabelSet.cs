namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>The labels that pictures were asked about.</summary>
/// <param name="Name">The set's name; <c>request</c> for labels of the request.</param>
/// <param name="Id">SHA-256 over labels and templates.</param>
/// <param name="Count">How many labels.</param>
internal sealed record ClassifyLabelSet(string Name, string Id, int Count);
