using System.Text.Json;

namespace ClipFunctions.Pipeline.Http.Requests;

internal static class JsonText
{
    /// <summary>The text of an element that is one.</summary>
    /// <exception cref="JsonException">It holds half of a surrogate pair.</exception>
    public static string Of(JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException exception) when (text.ValueKind == JsonValueKind.String)
        {
            throw new JsonException("A text is not valid Unicode.", exception);
        }
    }
}
