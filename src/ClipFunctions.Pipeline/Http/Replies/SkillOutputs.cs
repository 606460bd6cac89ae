using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A custom skill's outputs.</summary>
internal sealed record SkillOutputs
{
    /// <summary>The vector, of length 1 (<c>skill/embed</c>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EmbeddingVector? Vector { get; init; }

    /// <summary>The best labels, best first (<c>skill/classify</c>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The same with probabilities (<c>skill/classify</c>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ClassifiedLabel>? Labels { get; init; }

    /// <summary>The model's id and the beginning of its fingerprint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ModelVersion { get; init; }
}
