namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A message for the indexer's log.</summary>
/// <param name="Message">The text.</param>
internal sealed record SkillMessage(string Message);
