using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using ClipFunctions.Pipeline.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Scalar.AspNetCore;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>The page, the reference page, and their files; all are part of the assembly, nothing comes from elsewhere.</summary>
internal sealed class PageHandlers
{
    private const string Prefix = "page/";
    private const string Index = "index.html";
    private const string Gzip = "gzip";
    private const string ScalarScript = "scalar.js";
    private const string ScalarResource = "ScalarStaticAssets.scalar.js";

    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // The frame that the page shows reports in: they bring their styles and pictures along, and run nothing. The only script is the
    // frame's own, which takes the report from the page; that the frame stands alone keeps it from the page's key and the API.
    private const string ReportFrame = "report-frame.html";
    private const string ReportFramePolicy =
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts";

    // Scalar sets styles from its script; it may not run other code nor speak to another host.
    private const string ReferencePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".json"] = "application/json",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private readonly FrozenDictionary<string, PageFile> _files = ReadFiles();

    /// <summary><c>GET /</c>.</summary>
    public IResult Page(HttpContext context) => Send(context, Index, PagePolicy);

    /// <summary><c>GET app/{file}</c>.</summary>
    public IResult File(HttpContext context, string file) => Send(context, "app/" + file, file == ReportFrame ? ReportFramePolicy : PagePolicy);

    /// <summary><c>GET api/reference</c>.</summary>
    public IResult Reference(HttpContext context) => Send(context, "reference.html", ReferencePolicy);

    /// <summary><c>GET api/reference/{file}</c>.</summary>
    public IResult ReferenceFile(HttpContext context, string file) => Send(context, "reference/" + file, ReferencePolicy);

    private IResult Send(HttpContext context, string name, string policy)
    {
        if (!_files.TryGetValue(name, out PageFile? file))
        {
            throw new RequestProblemException(404, "NotFound", "There is nothing here", "There is no such file.");
        }

        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        if (!file.IsPacked)
        {
            return Results.Bytes(file.Content, file.Type, entityTag: new EntityTagHeaderValue($"\"{file.Tag}\""));
        }

        headers.Vary = HeaderNames.AcceptEncoding;
        if (!AcceptsGzip(context.Request))
        {
            return Results.Bytes(Unpack(file.Content), file.Type, entityTag: new EntityTagHeaderValue($"\"{file.Tag}\""));
        }

        headers.ContentEncoding = Gzip;
        return Results.Bytes(file.Content, file.Type, entityTag: new EntityTagHeaderValue($"\"{file.Tag}-{Gzip}\""));
    }

    private static bool AcceptsGzip(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out IList<StringWithQualityHeaderValue>? accepted)
        && accepted.Any(encoding => encoding.Value.Equals(Gzip, StringComparison.OrdinalIgnoreCase) && encoding.Quality is not 0);

    private static byte[] Unpack(byte[] content)
    {
        using GZipStream packed = new(new MemoryStream(content), CompressionMode.Decompress);
        using MemoryStream plain = new();
        packed.CopyTo(plain);
        return plain.ToArray();
    }

    private static FrozenDictionary<string, PageFile> ReadFiles()
    {
        Dictionary<string, PageFile> files = new(StringComparer.Ordinal);
        Assembly own = typeof(PageHandlers).Assembly;
        foreach (string resource in own.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            Add(own, resource, resource[Prefix.Length..].Replace('\\', '/'));
        }

        Add(typeof(ScalarOptions).Assembly, ScalarResource, "reference/" + ScalarScript);
        return files.ToFrozenDictionary(StringComparer.Ordinal);

        void Add(Assembly assembly, string resource, string name)
        {
            using Stream stream = assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no {resource}.");
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            string tag = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8));

            // Scalar's script is packed in its assembly.
            bool isPacked = content.AsSpan().StartsWith<byte>([0x1F, 0x8B]);
            files.Add(name, new PageFile(content, Types.GetValueOrDefault(Path.GetExtension(name), "application/octet-stream"), tag, isPacked));
        }
    }

    private sealed record PageFile(byte[] Content, string Type, string Tag, bool IsPacked);
}
