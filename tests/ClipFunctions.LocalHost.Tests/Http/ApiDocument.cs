using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClipFunctions.Testing;
using Json.Schema;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>The OpenAPI document as it is written, read by hand: operations, the requests of its examples, and what their answers must be like.</summary>
internal sealed partial class ApiDocument
{
    private const string SchemaPrefix = "#/components/schemas/";
    private static readonly string[] Methods = ["get", "post", "delete"];

    private readonly JsonNode _root;
    private readonly ConcurrentDictionary<string, JsonSchema> _schemas = new(StringComparer.Ordinal);

    private ApiDocument(JsonNode root)
    {
        _root = root;
        Operations =
        [
            .. from path in root["paths"]!.AsObject()
               from item in path.Value!.AsObject()
               where Methods.Contains(item.Key)
               select new ApiOperation(item.Key.ToUpperInvariant(), path.Key, item.Value!.AsObject()),
        ];
    }

    public static string FilePath { get; } = Path.Combine(RepositoryPaths.Root, "src", "ClipFunctions.Pipeline", "Http", "openapi.json");

    public static ApiDocument Written { get; } = new(JsonNode.Parse(File.ReadAllText(FilePath))!);

    public IReadOnlyList<ApiOperation> Operations { get; }

    public JsonNode Info => _root["info"]!;

    public ApiOperation Find(string id) => Operations.Single(operation => operation.Id == id);

    /// <summary>The status of an operation that has worked.</summary>
    public static string Success(ApiOperation operation) => operation.Node["responses"]!.AsObject().Select(response => response.Key).First(status => status[0] == '2');

    /// <summary>The requests of an operation's examples: examples of one name belong together, and hold for the answer too.</summary>
    public IEnumerable<ApiCall> Calls(ApiOperation operation)
    {
        List<JsonNode> parameters = [.. (operation.Node["parameters"]?.AsArray() ?? []).Select(parameter => Resolve(parameter!))];
        List<(string Name, string? ContentType, JsonNode? Body)> bodies =
        [
            .. from content in operation.Node["requestBody"]?["content"]?.AsObject() ?? []
               from example in content.Value!["examples"]!.AsObject()
               select (example.Key, (string?)content.Key, example.Value!["value"]),
        ];
        if (operation.Node["requestBody"] is null)
        {
            IEnumerable<string> named = [.. parameters.SelectMany(parameter => Keys(parameter["examples"])), .. AnswerExamples(operation, Success(operation)).Select(example => example.Name)];
            bodies.AddRange(named.Distinct().Select(name => (name, (string?)null, (JsonNode?)null)));
            if (!AnswerExamples(operation, Success(operation)).Any())
            {
                bodies.Add(("", null, null));
            }
        }

        foreach ((string name, string? contentType, JsonNode? body) in bodies)
        {
            string path = operation.Path;
            List<KeyValuePair<string, string>> query = [];
            foreach (JsonNode parameter in parameters)
            {
                if ((parameter["examples"]?[name]?["value"] ?? parameter["example"]) is not { } value)
                {
                    continue;
                }

                string field = (string)parameter["name"]!;
                if ((string)parameter["in"]! == "path")
                {
                    path = path.Replace($"{{{field}}}", (string)value!, StringComparison.Ordinal);
                }
                else
                {
                    query.AddRange((value is JsonArray list ? list.Select(item => item!) : [value]).Select(item => KeyValuePair.Create(field, item.ToString())));
                }
            }

            yield return new ApiCall(operation, name, path.TrimStart('/'), query, contentType, body);
        }
    }

    /// <summary>The examples of an operation's answers, or of those of one status.</summary>
    public IEnumerable<(string Name, string Status, string ContentType, JsonNode Value)> AnswerExamples(ApiOperation operation, string? status = null) =>
        from answer in operation.Node["responses"]!.AsObject()
        where status is null || answer.Key == status
        from content in Resolve(answer.Value!)["content"]?.AsObject() ?? []
        from example in content.Value!["examples"]?.AsObject() ?? []
        select (example.Key, answer.Key, content.Key, example.Value!["value"]!);

    /// <summary>An operation's answer of a status; null if it has none.</summary>
    public JsonNode? Answer(ApiOperation operation, int status) => operation.Node["responses"]![$"{status}"] is { } answer ? Resolve(answer) : null;

    /// <summary>The problem codes that an operation's answer of a status tells of.</summary>
    public IReadOnlyList<string> Codes(ApiOperation operation, int status) =>
        Answer(operation, status) is { } answer ? [.. Code().Matches((string)answer["description"]!).Select(match => match.Groups[1].Value)] : [];

    /// <summary>Every code that the document tells of.</summary>
    public IReadOnlySet<string> AllCodes() =>
        _root["components"]!["responses"]!.AsObject().Select(answer => answer.Value!["description"]!).Append(Info["description"]!)
            .SelectMany(description => Code().Matches((string)description!)).Select(match => match.Groups[1].Value).ToHashSet();

    /// <summary>
    /// What is wrong with an answer by the document; null if nothing is. Fields that the document does not name are wrong, too:
    /// answers may grow, but not unnoticed.
    /// </summary>
    public string? FaultOf(ApiOperation operation, int status, string contentType, JsonElement value)
    {
        JsonNode? schema = Answer(operation, status)?["content"]?[contentType]?["schema"];
        return schema is null ? $"{operation.Id} has no {contentType} for {status}." : Fault(schema, $"{operation.Id} {status} {contentType}", strict: true, value);
    }

    /// <summary>What is wrong with a request's JSON by the document; null if nothing is.</summary>
    public string? FaultOf(ApiCall call, JsonElement body) =>
        Fault(call.Operation.Node["requestBody"]!["content"]![call.ContentType!]!["schema"]!, $"{call.Operation.Id} {call.ContentType}", strict: false, body);

    /// <summary>What is wrong with a value by one of the named schemas; null if nothing is.</summary>
    public string? FaultOf(string name, JsonElement value) => Fault(new JsonObject { ["$ref"] = SchemaPrefix + name }, name, strict: true, value);

    private string? Fault(JsonNode schema, string key, bool strict, JsonElement value)
    {
        JsonSchema compiled = _schemas.GetOrAdd(key, _ => Compile(schema, strict));
        EvaluationResults results = compiled.Evaluate(value, new EvaluationOptions { OutputFormat = OutputFormat.List });
        return results.IsValid
            ? null
            : string.Join('\n', (results.Details ?? [results]).Where(detail => detail.Errors is not null)
                .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value} ({detail.EvaluationPath})")));
    }

    private JsonSchema Compile(JsonNode schema, bool strict)
    {
        JsonObject whole = new()
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["$ref"] = "#/$defs/asked",
            ["$defs"] = new JsonObject(
            [
                .. _root["components"]!["schemas"]!.AsObject().Select(named => KeyValuePair.Create(named.Key, (JsonNode?)named.Value!.DeepClone())),
                KeyValuePair.Create("asked", (JsonNode?)schema.DeepClone()),
            ]),
        };
        Adapt(whole, strict);
        return JsonSchema.FromText(whole.ToJsonString(), baseUri: new Uri($"urn:uuid:{Guid.NewGuid()}"));
    }

    private static void Adapt(JsonNode? node, bool strict)
    {
        switch (node)
        {
            case JsonObject item:
                if (item["$ref"] is JsonValue reference)
                {
                    item["$ref"] = ((string)reference!).Replace(SchemaPrefix, "#/$defs/", StringComparison.Ordinal);
                }

                if (strict && item["properties"] is JsonObject && item["type"] is JsonValue type && (string?)type == "object" && item["additionalProperties"] is null)
                {
                    item["additionalProperties"] = false;
                }

                foreach ((_, JsonNode? child) in item.ToList())
                {
                    Adapt(child, strict);
                }

                break;
            case JsonArray list:
                foreach (JsonNode? child in list)
                {
                    Adapt(child, strict);
                }

                break;
        }
    }

    private JsonNode Resolve(JsonNode node)
    {
        if ((string?)node["$ref"] is not { } reference)
        {
            return node;
        }

        JsonNode target = _root;
        foreach (string part in reference.TrimStart('#', '/').Split('/'))
        {
            target = target[part] ?? throw new InvalidOperationException($"{reference} leads nowhere.");
        }

        return target;
    }

    private static IEnumerable<string> Keys(JsonNode? node) => node?.AsObject().Select(item => item.Key) ?? [];

    [GeneratedRegex("`([A-Z][A-Za-z]+)`")]
    private static partial Regex Code();
}
