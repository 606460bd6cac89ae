using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A picture and its best labels.</summary>
/// <param name="Name">What the sender calls it.</param>
/// <param name="Labels">Best first.</param>
internal sealed record ClassifiedPicture(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name,
    IReadOnlyList<ClassifiedLabel> Labels);
