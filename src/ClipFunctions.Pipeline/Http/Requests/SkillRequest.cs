namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>What Azure AI Search sends to a custom skill.</summary>
internal sealed class SkillRequest
{
    /// <summary>The records.</summary>
    public IReadOnlyList<SkillRecord>? Values { get; set; }
}
