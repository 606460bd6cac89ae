using System.Text.Json.Nodes;
using ClipFunctions.Pipeline.Http.Operations;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>What can be asked of a host, by its own OpenAPI document; the page's files, which are not in it, by the list that hosts map.</summary>
/// <param name="Method">In upper case.</param>
/// <param name="Path">With a leading slash, and parameters in braces.</param>
/// <param name="Node">The operation in the document; null if it has none.</param>
/// <param name="Parameters">The parameters, resolved.</param>
internal sealed record ApiEndpoint(string Method, string Path, JsonNode? Node, IReadOnlyList<JsonNode> Parameters)
{
    /// <summary>All endpoints.</summary>
    /// <param name="document">The document as the host gives it.</param>
    public static IReadOnlyList<ApiEndpoint> All(JsonNode document)
    {
        List<ApiEndpoint> endpoints = [];
        foreach ((string path, JsonNode? item) in document["paths"]!.AsObject())
        {
            foreach ((string method, JsonNode? node) in item!.AsObject().Where(one => one.Value is JsonObject operation && operation.ContainsKey("responses")))
            {
                JsonNode[] parameters = [.. (item["parameters"]?.AsArray() ?? []).Concat(node!["parameters"]?.AsArray() ?? []).Select(parameter => Resolve(document, parameter!))];
                endpoints.Add(new ApiEndpoint(method.ToUpperInvariant(), path, node, parameters));
            }
        }

        foreach (ClipOperation operation in ClipOperations.All)
        {
            string path = "/" + operation.Route.Replace("{*", "{", StringComparison.Ordinal);
            if (!endpoints.Any(endpoint => endpoint.Method == operation.Method && endpoint.Path == path))
            {
                endpoints.Add(new ApiEndpoint(operation.Method, path, null, []));
            }
        }

        return endpoints;
    }

    /// <summary>Names of parameters in the path.</summary>
    public IEnumerable<string> PathParameters => Path.Split('{').Skip(1).Select(part => part.Split('}')[0]);

    /// <summary>Names of parameters in the query.</summary>
    public IEnumerable<string> QueryParameters => Parameters.Where(parameter => (string?)parameter["in"] == "query").Select(parameter => (string)parameter["name"]!);

    /// <summary>The media types of its body.</summary>
    public IReadOnlyList<string> ContentTypes => [.. Node?["requestBody"]?["content"]?.AsObject().Select(content => content.Key) ?? []];

    /// <summary>The JSON of its examples.</summary>
    public IEnumerable<JsonNode> Examples => Node?["requestBody"]?["content"]?["application/json"]?["examples"]?.AsObject().Select(example => example.Value!["value"]!) ?? [];

    /// <summary>An address with sound parameters, or with one of them replaced.</summary>
    public string Target(string? parameter = null, string? value = null)
    {
        string target = Path;
        foreach (string name in PathParameters)
        {
            target = target.Replace($"{{{name}}}", name == parameter ? value : name switch { "path" => "sound.jpg", "id" => "example", "file" when Path.StartsWith("/app/", StringComparison.Ordinal) => "app.css", _ => "report" }, StringComparison.Ordinal);
        }

        return target;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Method} {Path}";

    private static JsonNode Resolve(JsonNode document, JsonNode node)
    {
        if ((string?)node["$ref"] is not { } reference)
        {
            return node;
        }

        JsonNode found = document;
        foreach (string part in reference.TrimStart('#', '/').Split('/'))
        {
            found = found[part]!;
        }

        return found;
    }
}
