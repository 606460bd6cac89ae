namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>What a custom skill answers Azure AI Search.</summary>
/// <param name="Values">A record for each that came.</param>
internal sealed record SkillReply(IReadOnlyList<SkillReplyRecord> Values);
