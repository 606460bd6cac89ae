namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A label of a tagged picture.</summary>
/// <param name="Label">The label.</param>
/// <param name="Probability">0–1.</param>
internal sealed record ListedLabel(string Label, float Probability);
