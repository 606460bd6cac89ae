using System.Reflection;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>The OpenAPI document, which is written by hand and part of the assembly.</summary>
internal sealed class OpenApiHandlers
{
    private const string Resource = "openapi.json";
    private const string Route = "/api/openapi.json";

    private static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly byte[] _written = ReadWritten();
    private Document? _last;

    /// <summary><c>GET api/openapi.json</c>: the document with this host's address and version in it.</summary>
    public IResult Send(HttpContext context)
    {
        string address = context.Request.PathBase.Add(context.Request.Path).ToUriComponent().TrimEnd('/');
        string prefix = address.EndsWith(Route, StringComparison.OrdinalIgnoreCase) ? address[..^Route.Length] : "";
        Document document = _last is { } last && last.Prefix == prefix ? last : _last = Make(prefix);
        context.Response.Headers.CacheControl = "no-cache";
        return Results.Bytes(document.Content, "application/json", entityTag: new EntityTagHeaderValue(document.Tag));
    }

    private Document Make(string prefix)
    {
        JsonNode document = JsonNode.Parse(_written)!;
        document["info"]!["version"] = Version;

        // A path is appended to a server's address as it is, so only the empty address bears a slash.
        document["servers"]![0]!["url"] = prefix.Length == 0 ? "/" : prefix;
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(document, Writing);
        return new Document(prefix, content, $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8))}\"");
    }

    private static string Version
    {
        get
        {
            Assembly own = typeof(OpenApiHandlers).Assembly;
            string? version = own.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
            return version?.Split('+')[0] ?? own.GetName().Version!.ToString(3);
        }
    }

    private static byte[] ReadWritten()
    {
        using Stream stream = typeof(OpenApiHandlers).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"The assembly has no {Resource}.");
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private sealed record Document(string Prefix, byte[] Content, string Tag);
}
