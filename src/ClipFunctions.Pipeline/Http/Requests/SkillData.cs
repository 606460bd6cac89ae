using System.Text.Json;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>The inputs of a custom skill: one of the two.</summary>
internal sealed class SkillData
{
    /// <summary>A text.</summary>
    public string? Text { get; set; }

    /// <summary>A picture: base64, or what the indexer gives as <c>file_data</c> or as an entry of <c>normalized_images</c>.</summary>
    public JsonElement? Image { get; set; }
}
