using System.Text.Json.Nodes;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>An operation of the OpenAPI document.</summary>
/// <param name="Method">In upper case.</param>
/// <param name="Path">With a leading slash.</param>
/// <param name="Node">The rest.</param>
internal sealed record ApiOperation(string Method, string Path, JsonObject Node)
{
    public string Id => (string)Node["operationId"]!;
}
