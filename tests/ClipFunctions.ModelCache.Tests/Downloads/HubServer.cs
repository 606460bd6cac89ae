using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

/// <summary>
/// One repository with the Hugging Face hub's layout, on a port of its own; large files are redirects to a second port, the content
/// network. Faults are told per file.
/// </summary>
public sealed class HubServer : IAsyncDisposable
{
    public const string Repository = "someone/clip";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    public const string Signature = "Signature=s3cret";
    private const int Chunk = 1 << 14;

    private readonly WebApplication _app;
    private readonly string _basePath;
    private readonly ConcurrentDictionary<string, (byte[] Content, bool Large)> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentQueue<HubFault>> _faults = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<HubRequest> _requests = new();

    private HubServer(WebApplication app, string basePath)
    {
        _app = app;
        _basePath = basePath;
    }

    /// <summary>What <c>Clip:HubUrl</c> would be.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Where large files are.</summary>
    public Uri ContentAddress { get; private set; } = null!;

    /// <summary>The token that the hub wants; null for none.</summary>
    public string? Token { get; set; }

    /// <summary>Whether the hub tells revisions; simple mirrors do not.</summary>
    public bool HasApi { get; set; } = true;

    public IReadOnlyList<HubRequest> Requests => [.. _requests];

    /// <summary>Starts one; a base path makes it a mirror below a path.</summary>
    public static async Task<HubServer> StartAsync(string basePath = "")
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        HubServer server = new(builder.Build(), basePath);
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        string[] addresses = [.. server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        server.Address = new Uri(addresses[0] + basePath);
        server.ContentAddress = new Uri(addresses[1]);
        return server;
    }

    /// <summary>Publishes a file; a large one is a redirect to the content network and has a published hash.</summary>
    public void Publish(string path, byte[] content, bool large) => _files[path] = (content, large);

    /// <summary>The next requests for a file meet these faults, one each.</summary>
    public void Fail(string path, params HubFault[] faults)
    {
        foreach (HubFault fault in faults)
        {
            _faults.GetOrAdd(path, _ => new ConcurrentQueue<HubFault>()).Enqueue(fault);
        }
    }

    /// <summary>The requests that a file's bytes were sent for.</summary>
    public IReadOnlyList<HubRequest> Bodies(string path) =>
        [.. _requests.Where(request => request.Path.EndsWith(_files[path].Large ? Hash(_files[path].Content) : $"/{path}", StringComparison.Ordinal))];

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private async Task AnswerAsync(HttpContext context)
    {
        HubRequest request = new()
        {
            Hub = context.Connection.LocalPort == Address.Port,
            Path = context.Request.Path,
            Range = context.Request.Headers.Range,
            IfRange = context.Request.Headers.IfRange,
            Authorization = context.Request.Headers.Authorization,
            AcceptEncoding = context.Request.Headers.AcceptEncoding,
        };
        _requests.Enqueue(request);
        if (!request.Hub)
        {
            await ContentAsync(context, request);
        }
        else if (Token is not null && request.Authorization != $"Bearer {Token}")
        {
            context.Response.StatusCode = request.Authorization is null ? 401 : 403;
            context.Response.Headers["X-Error-Code"] = "GatedRepo";
            context.Response.Headers["X-Error-Message"] = "Access to model someone/clip is restricted.";
        }
        else if (request.Path == $"{_basePath}/api/models/{Repository}/revision/main" || request.Path == $"{_basePath}/api/models/{Repository}/revision/{Commit}")
        {
            await ListAsync(context);
        }
        else
        {
            await HubAsync(context, request);
        }
    }

    private async Task ListAsync(HttpContext context)
    {
        if (!HasApi)
        {
            context.Response.StatusCode = 404;
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new
        {
            id = Repository,
            sha = Commit,
            siblings = _files.Select(file => new
            {
                rfilename = file.Key,
                size = file.Value.Content.Length,
                lfs = file.Value.Large ? new { sha256 = Hash(file.Value.Content), size = file.Value.Content.Length } : null,
            }),
        }));
    }

    private async Task HubAsync(HttpContext context, HubRequest request)
    {
        string prefix = $"{_basePath}/{Repository}/resolve/{Commit}/";
        string path = request.Path.StartsWith(prefix, StringComparison.Ordinal) ? request.Path[prefix.Length..] : "";
        HttpResponse response = context.Response;
        if (!_files.TryGetValue(path, out (byte[] Content, bool Large) file))
        {
            response.StatusCode = 404;
            response.Headers["X-Error-Code"] = "EntryNotFound";
            return;
        }

        if (_faults.TryGetValue(path, out ConcurrentQueue<HubFault>? faults) && faults.TryPeek(out HubFault? fault) && fault.Status > 0)
        {
            faults.TryDequeue(out _);
            response.StatusCode = fault.Status;
            response.Headers.RetryAfter = fault.RetryAfter;
            response.Headers.Location = fault.Location;
            return;
        }

        response.Headers["X-Repo-Commit"] = Commit;
        if (!file.Large)
        {
            await SendAsync(context, request, path, file.Content);
            return;
        }

        string hash = Hash(file.Content);
        response.Headers["X-Linked-Size"] = file.Content.Length.ToString(CultureInfo.InvariantCulture);
        response.Headers["X-Linked-ETag"] = $"\"{hash}\"";
        response.StatusCode = 302;
        response.Headers.Location = new Uri(ContentAddress, $"/blobs/{hash}?{Signature}").AbsoluteUri;
    }

    private async Task ContentAsync(HttpContext context, HubRequest request)
    {
        string path = _files.FirstOrDefault(file => request.Path.EndsWith(Hash(file.Value.Content), StringComparison.Ordinal)).Key;
        if (path is null || context.Request.QueryString.Value != $"?{Signature}")
        {
            context.Response.StatusCode = 403;
            return;
        }

        await SendAsync(context, request, path, _files[path].Content);
    }

    private async Task SendAsync(HttpContext context, HubRequest request, string path, byte[] content)
    {
        HubFault fault = _faults.TryGetValue(path, out ConcurrentQueue<HubFault>? faults) && faults.TryDequeue(out HubFault? next) ? next : new HubFault();
        HttpResponse response = context.Response;
        string version = $"\"{Hash(content)}\"";
        if (!fault.NoVersion)
        {
            response.Headers.ETag = version;
        }

        int from = 0;
        if (request.Range is { } range && !fault.IgnoreRanges && (request.IfRange is null || request.IfRange == version))
        {
            from = int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture);
            if (from >= content.Length || fault.RefuseRanges)
            {
                response.StatusCode = 416;
                response.Headers.ContentRange = $"bytes */{content.Length}";
                return;
            }

            response.StatusCode = 206;
            response.Headers.ContentRange = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        byte[] bytes = [.. content, .. new byte[fault.Surplus]];
        if (fault.FlipAt is { } flip)
        {
            bytes[flip] ^= 1;
        }

        if (!fault.Chunked)
        {
            response.ContentLength = bytes.Length - from;
        }

        response.Headers.ContentEncoding = fault.Encoding;
        try
        {
            for (int position = from; position < bytes.Length;)
            {
                int end = Math.Min(bytes.Length, position + Chunk);
                end = fault.CutAt is { } cut ? Math.Min(end, cut) : end;
                end = fault.Gate is { IsCompleted: false } && position < fault.GateAt ? Math.Min(end, fault.GateAt) : end;
                await response.Body.WriteAsync(bytes.AsMemory(position, end - position), context.RequestAborted);
                await response.Body.FlushAsync(context.RequestAborted);
                request.Sent += end - position;
                position = end;
                if (position == fault.CutAt)
                {
                    await (fault.BeforeCut?.Invoke() ?? Task.CompletedTask);
                    context.Abort();
                    return;
                }

                if (fault.Gate is { } gate && position == fault.GateAt)
                {
                    await gate.WaitAsync(context.RequestAborted);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
    }
}
