using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>The version that a client has already (<c>If-None-Match</c>).</summary>
internal static class KnownVersion
{
    /// <summary>The blob's version behind the client's tag; null if it has none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="suffix">What our tag adds to the blob's.</param>
    public static ETag? Of(HttpRequest request, string suffix = "")
    {
        if (!EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out IList<EntityTagHeaderValue>? tags))
        {
            return null;
        }

        string end = suffix + "\"";
        return tags.FirstOrDefault(tag => tag.Tag.Value is { Length: > 2 } value && value[0] == '"' && value.EndsWith(end, StringComparison.Ordinal)) is { } known
            ? new ETag(known.Tag.Value![..^end.Length] + "\"")
            : null;
    }

    /// <summary>Our tag of a blob's version.</summary>
    public static string Tag(ETag version, string suffix = "") => version.ToString("H")[..^1] + suffix + "\"";
}
