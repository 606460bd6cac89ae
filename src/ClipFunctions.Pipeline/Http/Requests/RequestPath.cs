using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>Names of uploads in addresses.</summary>
internal static class RequestPath
{
    private const string UploadsRoute = "api/uploads/";
    private const string ResultsRoute = "api/results/";

    /// <summary>The upload that an address of <c>api/uploads/{path}</c> or <c>api/results/{path}</c> names.</summary>
    /// <exception cref="RequestProblemException">It is no name of a blob.</exception>
    public static string UploadOf(HttpContext context)
    {
        string name = Raw(context) ?? (string?)context.Request.RouteValues["path"] ?? "";
        return BlobPath.IsValid(name, out string? problem)
            ? name
            : throw RequestProblemException.BadRequest("InvalidName", "The name cannot be a blob's", problem);
    }

    /// <summary>The address of an upload's bytes, without host.</summary>
    public static string PictureOf(HttpRequest request, string upload) => Root(request) + UploadsRoute + Escape(upload);

    /// <summary>The address of an upload's record, without host.</summary>
    public static string ResultOf(HttpRequest request, string upload) => Root(request) + ResultsRoute + Escape(upload);

    /// <summary>What stands before <c>api/</c>: a slash, and the host's route prefix if there is one.</summary>
    public static string Root(HttpRequest request)
    {
        string path = request.PathBase + request.Path;
        int api = path.IndexOf("/api/", StringComparison.OrdinalIgnoreCase);
        return api >= 0 ? path[..(api + 1)] : "/";
    }

    // Routing leaves %2F as it is, and a name may hold such characters itself: only the address as it was sent tells them apart.
    private static string? Raw(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestFeature>()?.RawTarget is not { Length: > 0 } target)
        {
            return null;
        }

        string path = target.Split('?', 2)[0];
        foreach (string route in (string[])[UploadsRoute, ResultsRoute])
        {
            int at = path.IndexOf("/" + route, StringComparison.OrdinalIgnoreCase);
            if (at >= 0)
            {
                return Uri.UnescapeDataString(path[(at + 1 + route.Length)..]);
            }
        }

        return null;
    }

    private static string Escape(string upload) => string.Join('/', upload.Split('/').Select(Uri.EscapeDataString));
}
