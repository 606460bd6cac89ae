namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A label set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">SHA-256 over its labels and templates.</param>
/// <param name="LabelCount">How many labels.</param>
/// <param name="Labels">The labels.</param>
/// <param name="Templates">The sentences that they are put into.</param>
internal sealed record LabelSetReply(string Name, string Id, int LabelCount, IReadOnlyList<string> Labels, IReadOnlyList<string> Templates);
