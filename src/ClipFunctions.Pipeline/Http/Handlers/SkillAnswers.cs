using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>Gathers a custom skill's answers, each record's in its place.</summary>
internal sealed class SkillAnswers(IReadOnlyList<SkillRecord> records)
{
    private readonly SkillOutputs?[] _outputs = new SkillOutputs?[records.Count];
    private readonly string?[] _errors = new string?[records.Count];

    public IReadOnlyList<SkillRecord> Records => records;

    public void Set(int record, SkillOutputs outputs) => _outputs[record] = outputs;

    public void Fail(int record, string error) => _errors[record] = error;

    public SkillReply ToReply() => new(
        [.. records.Select((record, i) => new SkillReplyRecord(
            record.RecordId!,
            _outputs[i] ?? new SkillOutputs(),
            _outputs[i] is null ? [new SkillMessage(_errors[i] ?? "There is nothing to work on.")] : [],
            []))]);
}
