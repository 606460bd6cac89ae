using ClipFunctions.Clip.Inference;
using ClipFunctions.Pipeline.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>Chooses the form of vectors by <c>Accept</c> and <c>encoding</c>, and writes it.</summary>
internal static class VectorFormats
{
    /// <summary>The media type of <c>.npy</c> files, which has none of its own.</summary>
    public const string NpyType = "application/x-npy";

    private const string RawType = "application/octet-stream";
    private const string JsonType = "application/json";

    /// <summary>The form that a request asks for.</summary>
    /// <exception cref="RequestProblemException">It accepts none that there is.</exception>
    public static VectorFormat Of(HttpRequest request, string? encoding)
    {
        VectorFormat json = encoding?.ToLowerInvariant() switch
        {
            null or "" or "float" => VectorFormat.Json,
            "base64" => VectorFormat.JsonBase64,
            _ => throw RequestProblemException.BadRequest("InvalidField", "A field cannot be used", "encoding is 'float' or 'base64'."),
        };
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? accepted) || accepted.Count == 0)
        {
            return json;
        }

        foreach (MediaTypeHeaderValue type in accepted.Where(type => type.Quality is not 0).OrderByDescending(type => type.Quality ?? 1))
        {
            if (type.MatchesAllTypes || type.MediaType.Equals(JsonType, StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/*", StringComparison.OrdinalIgnoreCase))
            {
                return json;
            }

            if (type.MediaType.Equals(NpyType, StringComparison.OrdinalIgnoreCase))
            {
                return VectorFormat.Npy;
            }

            if (type.MediaType.Equals(RawType, StringComparison.OrdinalIgnoreCase))
            {
                return VectorFormat.Raw;
            }
        }

        throw new RequestProblemException(406, "NotAcceptable", "No such form", $"Vectors are sent as {JsonType}, {NpyType} or {RawType} (little-endian float32).");
    }

    /// <summary>Writes vectors.</summary>
    public static IResult Write(VectorFormat format, EmbeddingMatrix vectors, Func<EmbeddingsReply> reply) => format switch
    {
        VectorFormat.Npy => Results.Bytes(NpyFormat.Write(vectors), NpyType),
        VectorFormat.Raw => Results.Bytes(new EmbeddingVector(vectors.Values, false).ToBytes(), RawType),
        _ => Results.Json(reply(), ReplyJson.Readable.EmbeddingsReply),
    };
}
