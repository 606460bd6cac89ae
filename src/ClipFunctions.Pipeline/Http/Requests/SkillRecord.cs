namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>A record for a custom skill.</summary>
internal sealed class SkillRecord
{
    /// <summary>Names the record.</summary>
    public string? RecordId { get; set; }

    /// <summary>Its inputs.</summary>
    public SkillData? Data { get; set; }
}
