using System.Text.Json;

namespace ClipFunctions.Pipeline.Hosting;

/// <summary>How the files of settings are read.</summary>
public static class JsonFile
{
    /// <summary>With comments and trailing commas: people write them, and the Functions host allows it.</summary>
    public static JsonDocumentOptions Options { get; } = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
}
