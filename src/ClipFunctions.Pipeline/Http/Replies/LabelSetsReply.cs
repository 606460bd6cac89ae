namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>The label sets that requests may name.</summary>
/// <param name="Default">The one of requests that name neither labels nor a set.</param>
/// <param name="LabelSets">All of them.</param>
internal sealed record LabelSetsReply(string Default, IReadOnlyList<LabelSetReply> LabelSets);
