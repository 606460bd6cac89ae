using System.Text.Json;

namespace ClipFunctions.LocalHost.Hosting;

internal static class JsonFile
{
    // People comment these files, and the Functions host allows it.
    public static JsonDocumentOptions Options { get; } = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
}
