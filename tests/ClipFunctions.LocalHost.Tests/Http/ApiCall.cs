using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ClipFunctions.Testing;

namespace ClipFunctions.LocalHost.Tests.Http;

/// <summary>A request that an example of the OpenAPI document shows.</summary>
/// <param name="Operation">What it asks for.</param>
/// <param name="Name">The example's name.</param>
/// <param name="Path">The address's path, without a leading slash.</param>
/// <param name="Query">The query's fields.</param>
/// <param name="ContentType">The body's; null if it has none.</param>
/// <param name="Body">The example's value; <c>@samples/cat.jpg</c> stands for that file's bytes, as curl writes it.</param>
internal sealed record ApiCall(
    ApiOperation Operation,
    string Name,
    string Path,
    IReadOnlyList<KeyValuePair<string, string>> Query,
    string? ContentType,
    JsonNode? Body)
{
    public HttpRequestMessage ToRequest(string? accept = null)
    {
        string query = string.Join('&', Query.Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}"));
        HttpRequestMessage request = new(new HttpMethod(Operation.Method), new Uri(query.Length > 0 ? $"{Path}?{query}" : Path, UriKind.Relative))
        {
            Content = ContentType switch
            {
                null => null,
                "application/json" => JsonContent.Create(Body),
                "multipart/form-data" => Form(),
                "image/*" => FileContent((string)Body!, "image/jpeg"),
                _ => FileContent((string)Body!, ContentType),
            },
        };
        if (accept is not null)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        }

        return request;
    }

    private MultipartFormDataContent Form()
    {
        MultipartFormDataContent form = [];
        foreach ((string field, JsonNode? value) in Body!.AsObject())
        {
            foreach (string item in (value is JsonArray list ? list.ToList() : [value]).Select(item => item!.ToString()))
            {
                if (item.StartsWith('@'))
                {
                    form.Add(FileContent(item, "application/octet-stream"), field, System.IO.Path.GetFileName(item));
                }
                else
                {
                    form.Add(new StringContent(item), field);
                }
            }
        }

        return form;
    }

    private static ByteArrayContent FileContent(string reference, string type) =>
        new(File.ReadAllBytes(System.IO.Path.Combine(RepositoryPaths.Root, reference.TrimStart('@'))))
        {
            Headers = { ContentType = new MediaTypeHeaderValue(type) },
        };
}
