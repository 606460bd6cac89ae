namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A custom skill's answer for one record.</summary>
/// <param name="RecordId">The record's name.</param>
/// <param name="Data">The outputs; all null if there are errors.</param>
/// <param name="Errors">Why there are none.</param>
/// <param name="Warnings">Always empty.</param>
internal sealed record SkillReplyRecord(string RecordId, SkillOutputs Data, IReadOnlyList<SkillMessage> Errors, IReadOnlyList<SkillMessage> Warnings);
