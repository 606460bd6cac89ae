using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ClipFunctions.Pipeline.Http.Problems;
using Microsoft.Extensions.Primitives;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Fills a request from the fields of a query or a form, by the same names as in JSON; lists by repeating a field.</summary>
internal static class FieldBinder
{
    // Not ours: the key, and what clients of Azure's services send along.
    private static readonly string[] Foreign = ["code", "api-version", "model-version"];

    /// <summary>Sets what the fields say and the request does not say yet.</summary>
    /// <exception cref="RequestProblemException">A field is not known or has a value that is none.</exception>
    public static void Bind<T>(JsonTypeInfo<T> type, T request, IEnumerable<KeyValuePair<string, StringValues>> fields, string where)
    {
        foreach ((string name, StringValues values) in fields)
        {
            if (Foreign.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            JsonPropertyInfo property = type.Properties.FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase) && IsSimple(property.PropertyType))
                ?? throw RequestProblemException.BadRequest(
                    "UnknownField",
                    "A field is not known",
                    $"The {where} has '{Shown(name)}'. Known here: {string.Join(", ", type.Properties.Where(property => IsSimple(property.PropertyType)).Select(property => property.Name))}.");
            if (property.Get!(request!) is null)
            {
                property.Set!(request!, Convert(property, values, where));
            }
        }
    }

    private static bool IsSimple(Type type) =>
        type == typeof(string) || type == typeof(bool?) || type == typeof(int?) || type == typeof(IReadOnlyList<string>);

    private static object? Convert(JsonPropertyInfo property, StringValues values, string where)
    {
        if (property.PropertyType == typeof(IReadOnlyList<string>))
        {
            return List(values);
        }

        if (values.Count != 1)
        {
            throw RequestProblemException.BadRequest("InvalidField", "A field cannot be used", $"The {where} has '{property.Name}' {values.Count} times; once is enough.");
        }

        string text = values[0]!.Trim();
        if (property.PropertyType == typeof(string))
        {
            return text;
        }

        if (property.PropertyType == typeof(int?))
        {
            return int.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out int number)
                ? number
                : throw Invalid("a whole number");
        }

        return text.ToLowerInvariant() switch
        {
            "true" or "1" or "" => true,
            "false" or "0" => false,
            _ => throw Invalid("true or false"),
        };

        RequestProblemException Invalid(string expected) => RequestProblemException.BadRequest(
            "InvalidField", "A field cannot be used", $"The {where}'s '{property.Name}' is '{Shown(text)}'; expected {expected}.");
    }

    // A form may also send a list as one JSON array.
    private static IReadOnlyList<string> List(StringValues values)
    {
        if (values is [{ } only] && only.TrimStart().StartsWith('['))
        {
            try
            {
                return JsonSerializer.Deserialize(only, TextListJson.Default.IReadOnlyListString) ?? [];
            }
            catch (JsonException)
            {
                // A text that happens to begin so.
            }
        }

        return [.. values.Select(value => value ?? "")];
    }

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";
}
