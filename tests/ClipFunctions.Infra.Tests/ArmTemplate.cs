using System.Text.Json.Nodes;

namespace ClipFunctions.Infra.Tests;

/// <summary>Looks into compiled templates.</summary>
internal static class ArmTemplate
{
    /// <summary>The resources of a type, without those of nested deployments.</summary>
    public static IEnumerable<JsonObject> Resources(JsonObject template, string type) =>
        All(template).Where(resource => string.Equals((string?)resource["type"], type, StringComparison.OrdinalIgnoreCase));

    /// <summary>All resources, without those of nested deployments.</summary>
    public static IEnumerable<JsonObject> All(JsonObject template) => template["resources"] switch
    {
        JsonArray list => list.Select(resource => resource!.AsObject()),
        JsonObject named => named.Select(resource => resource.Value!.AsObject()),
        _ => [],
    };

    /// <summary>A variable.</summary>
    public static JsonNode Variable(JsonObject template, string name) =>
        template["variables"]?[name] ?? throw new KeyNotFoundException($"There is no variable '{name}'.");

    /// <summary>JSON as it is written by people: quotes of expressions stand as they are.</summary>
    public static string Text(JsonNode node) => node.ToJsonString().Replace("\\u0027", "'", StringComparison.Ordinal);

    /// <summary>The texts of a list of texts.</summary>
    public static IReadOnlyList<string> Texts(JsonNode? list) => [.. list!.AsArray().Select(text => (string)text!)];
}
