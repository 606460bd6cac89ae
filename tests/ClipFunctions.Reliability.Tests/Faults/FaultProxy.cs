using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.Reliability.Tests.Faults;

/// <summary>
/// Stands between hosts and Azurite, and does to requests what a plan says. Signatures cover path and headers, but not the
/// host, so that what comes in can go on as it is. It also keeps a list of the records that were written.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private static readonly HashSet<string> HopHeaders = new(StringComparer.OrdinalIgnoreCase) { "Host", "Connection", "Keep-Alive", "Transfer-Encoding", "Expect" };

    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = TimeSpan.FromSeconds(60),
    };

    private readonly Func<ProxiedRequest, ValueTask<StorageFault>> _plan;
    private readonly ConcurrentDictionary<StorageFault, int> _injected = new();
    private readonly Uri _blobs;
    private readonly Uri _queues;
    private readonly string _results;
    private int _blobPort;

    private FaultProxy(string connection, string results, Func<ProxiedRequest, ValueTask<StorageFault>> plan)
    {
        _plan = plan;
        _results = results;
        _blobs = new BlobServiceClient(connection).Uri;
        _queues = new QueueServiceClient(connection).Uri;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>The connection string that leads through this proxy.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>How often each fault was done.</summary>
    public IReadOnlyDictionary<StorageFault, int> Injected => _injected;

    /// <summary>Every write of a record that storage took or may have taken.</summary>
    public ConcurrentQueue<RecordWrite> RecordWrites { get; } = new();

    /// <summary>Starts one in front of the account that <paramref name="connection"/> opens.</summary>
    /// <param name="connection">Azurite's connection string.</param>
    /// <param name="results">The container of records.</param>
    /// <param name="plan">Asked about each request, by several at once.</param>
    public static async Task<FaultProxy> StartAsync(string connection, string results, Func<ProxiedRequest, ValueTask<StorageFault>> plan)
    {
        FaultProxy proxy = new(connection, results, plan);
        await proxy._app.StartAsync();
        Uri[] addresses = [.. proxy._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];
        proxy._blobPort = addresses[0].Port;
        proxy.ConnectionString = connection
            .Replace($":{proxy._blobs.Port}/", $":{addresses[0].Port}/", StringComparison.Ordinal)
            .Replace($":{proxy._queues.Port}/", $":{addresses[1].Port}/", StringComparison.Ordinal);
        return proxy;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        try
        {
            await ForwardAsync(context);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or SocketException)
        {
            // Storage is down, or the host is gone: the other side sees its connection end.
            context.Abort();
        }
    }

    private async Task ForwardAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        ProxiedRequest request = new(
            context.Request.Method,
            context.Features.Get<IHttpRequestFeature>()!.RawTarget,
            body.ToArray(),
            context.Connection.LocalPort != _blobPort);
        StorageFault fault = await _plan(request);
        if (fault != StorageFault.None)
        {
            _injected.AddOrUpdate(fault, 1, (_, count) => count + 1);
        }

        switch (fault)
        {
            case StorageFault.Busy:
                await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "ServerBusy");
                return;
            case StorageFault.TooMany:
                await RefuseAsync(context, StatusCodes.Status429TooManyRequests, "OperationTimedOut");
                return;
            case StorageFault.Forbidden:
                await RefuseAsync(context, StatusCodes.Status403Forbidden, "AuthenticationFailed");
                return;
            case StorageFault.Refused:
                context.Abort();
                return;
            case StorageFault.CutRequest:
                await SendHalfAsync(context.Request, request);
                context.Abort();
                return;
            case StorageFault.Slow:
                await Task.Delay(TimeSpan.FromMilliseconds(700), context.RequestAborted);
                break;
            case StorageFault.Twice:
                (await SendAsync(context.Request, request)).Response.Dispose();
                break;
        }

        (HttpResponseMessage response, byte[] content) = await SendAsync(context.Request, request);
        using (response)
        {
            if (fault == StorageFault.LostAnswer || (fault == StorageFault.CutAnswer && content.Length < 2))
            {
                context.Abort();
                return;
            }

            context.Response.StatusCode = (int)response.StatusCode;
            foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
            {
                if (!HopHeaders.Contains(name))
                {
                    context.Response.Headers[name] = values.ToArray();
                }
            }

            if (request.Method != "HEAD" && response.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified))
            {
                context.Response.ContentLength = content.Length;
                await context.Response.Body.WriteAsync(fault == StorageFault.CutAnswer ? content.AsMemory(0, content.Length / 2) : content);
            }

            if (fault == StorageFault.CutAnswer)
            {
                await context.Response.Body.FlushAsync();
                context.Abort();
            }
        }
    }

    /// <summary>What a service says that cannot now.</summary>
    private static async Task RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = "1";
        context.Response.Headers["x-ms-error-code"] = code;
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>Injected.</Message></Error>");
    }

    private async Task<(HttpResponseMessage Response, byte[] Content)> SendAsync(HttpRequest original, ProxiedRequest request)
    {
        RecordWrite? write = RecordOf(request);
        try
        {
            using HttpRequestMessage message = new(new HttpMethod(request.Method), Address(request));
            if (request.IsWrite)
            {
                message.Content = new ReadOnlyMemoryContent(request.Body);
            }

            foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in original.Headers)
            {
                if (!HopHeaders.Contains(name) && !message.Headers.TryAddWithoutValidation(name, values.ToArray()))
                {
                    message.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
                }
            }

            // Not the host's token: what has been sent is done, whether or not the host still listens.
            HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
            if (write is not null && response.IsSuccessStatusCode)
            {
                RecordWrites.Enqueue(write with { RecordETag = response.Headers.ETag!.ToString() });
            }

            return (response, await response.Content.ReadAsByteArrayAsync());
        }
        catch when (write is not null)
        {
            RecordWrites.Enqueue(write);
            throw;
        }
    }

    /// <summary>Sends a request whose body ends too early, and looks for no answer.</summary>
    private async Task SendHalfAsync(HttpRequest original, ProxiedRequest request)
    {
        Uri address = Address(request);
        StringBuilder head = new($"{request.Method} {request.Target} HTTP/1.1\r\nHost: {address.Authority}\r\n");
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in original.Headers)
        {
            if (!HopHeaders.Contains(name) && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                head.Append(name).Append(": ").Append(values.ToString()).Append("\r\n");
            }
        }

        head.Append("Content-Length: ").Append(request.Body.Length).Append("\r\n\r\n");
        using TcpClient client = new();
        await client.ConnectAsync(address.Host, address.Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()));
        await stream.WriteAsync(request.Body[..(request.Body.Length / 2)]);
        await stream.FlushAsync();
        await Task.Delay(50);
    }

    private Uri Address(ProxiedRequest request) => new(
        $"http://{(request.IsQueue ? _queues : _blobs).Authority}{request.Target}",
        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private RecordWrite? RecordOf(ProxiedRequest request)
    {
        if (request.Method != "PUT" || request.IsQueue || !request.Target.StartsWith($"{_blobs.AbsolutePath}/{_results}/", StringComparison.Ordinal) || request.Body.IsEmpty)
        {
            return null;
        }

        using JsonDocument record = JsonDocument.Parse(request.Body);
        JsonElement source = record.RootElement.GetProperty("source");
        return new RecordWrite(source.GetProperty("name").GetString()!, source.GetProperty("eTag").GetString()!, null);
    }
}
