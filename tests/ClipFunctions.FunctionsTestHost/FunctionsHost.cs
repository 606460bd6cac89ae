using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using ClipFunctions.FunctionsTestHost.Protocol;
using ClipFunctions.Pipeline.Evaluations;
using ClipFunctions.Testing;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.FunctionsTestHost;

/// <summary>
/// Plays the Functions host for the real worker process: starts it (again, when it ends), speaks the worker's gRPC protocol, sends HTTP requests on to the
/// worker's own server as the host's proxy does, and hands messages and uploads over by the local host's listeners. Routes, queues and
/// methods are those that the worker tells.
/// </summary>
public sealed class FunctionsHost : IAsyncDisposable
{
    private const string InvocationHeader = "x-ms-invocation-id";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string[] NotForwarded = ["Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Host"];

    private readonly string _connection;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _toWorker = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None }) { Timeout = Patience };
    private readonly WebApplication _rpc;
    private readonly int _rpcPort;
    private WebApplication? _front;
    private Task _triggers = Task.CompletedTask;
    private Task _keeping = Task.CompletedTask;
    private Process? _process;
    private WorkerChannel _channel = new();
    private TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Uri? _workerAddress;

    private FunctionsHost(string connection, IReadOnlyDictionary<string, string> settings)
    {
        _connection = connection;
        _settings = settings;
        _rpcPort = AzuriteServer.FreePort();
        WebApplicationBuilder builder = Quiet();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _rpcPort, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = null;
            grpc.MaxSendMessageSize = null;
        });
        builder.Services.AddSingleton(this);
        _rpc = builder.Build();
        _rpc.MapGrpcService<WorkerRpc>();
    }

    /// <summary>The folder of the built app.</summary>
    public static string AppFolder { get; } = Path.Combine(
        RepositoryPaths.Root, "src", "ClipFunctions", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, new DirectoryInfo(AppContext.BaseDirectory).Name);

    /// <summary>Where it answers over HTTP, with a slash at the end.</summary>
    public Uri Address { get; private set; } = new("http://localhost/");

    /// <summary>What the worker has printed and logged.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>The functions that the worker told of.</summary>
    public IReadOnlyList<LoadedFunction> Functions { get; private set; } = [];

    /// <summary>What the worker says that it can do.</summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; private set; } = new Dictionary<string, string>();

    /// <summary>Told of each invocation before it is sent.</summary>
    public Action<string>? Invoking { get; set; }

    /// <summary>How often the worker was started.</summary>
    public int Starts { get; private set; }

    internal WorkerChannel Connecting => _channel;

    /// <summary>Starts host and worker, and waits until the worker has loaded its functions.</summary>
    /// <param name="connection">The storage account.</param>
    /// <param name="settings">Further settings of the app.</param>
    public static async Task<FunctionsHost> StartAsync(string connection, params IEnumerable<(string Key, string Value)> settings)
    {
        FunctionsHost host = new(connection, settings.ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.Ordinal));
        try
        {
            await host._rpc.StartAsync();
            host.StartWorker();
            host._keeping = Task.Run(() => host.KeepAsync(host._stop.Token));
            await host.WhenReadyAsync(CancellationToken.None);
            host._front = await host.OpenFrontAsync();
            host._triggers = HostTriggers.RunAsync(host, host._connection, host._settings, host._stop.Token);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the worker alone and waits for its end.</summary>
    /// <returns>Its exit code and what it printed.</returns>
    public static async Task<(int Code, string Output)> RunToEndAsync(string connection, params IEnumerable<(string Key, string Value)> settings)
    {
        FunctionsHost host = new(connection, settings.ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.Ordinal));
        await using (host)
        {
            await host._rpc.StartAsync();
            host.StartWorker();
            await host._process!.WaitForExitAsync().WaitAsync(Patience);
            return (host._process.ExitCode, host.Output);
        }
    }

    /// <summary>Kills the worker; it is started again.</summary>
    public void KillWorker()
    {
        // Whoever invokes next waits for the next worker, and does not find the dead one.
        Renew();
        _process?.Kill(entireProcessTree: true);
    }

    /// <summary>Runs a function with what its trigger gives.</summary>
    /// <param name="function">The function's name.</param>
    /// <param name="json">For a timer: the trigger's JSON.</param>
    /// <param name="cancellationToken">Waits no longer.</param>
    public Task InvokeWithJsonAsync(string function, string json, CancellationToken cancellationToken) =>
        InvokeAsync(Find(function), new TypedData { Json = json }, [], Guid.NewGuid().ToString(), cancellationToken);

    /// <summary>Runs a blob-triggered function.</summary>
    public Task InvokeWithBlobAsync(string function, string blob, CancellationToken cancellationToken)
    {
        LoadedFunction found = Find(function);
        string container = found.Property("path")!.Split('/')[0];
        Dictionary<string, string> data = new() { ["Connection"] = found.Property("connection")!, ["ContainerName"] = container, ["BlobName"] = blob };
        return InvokeAsync(found, Binding("AzureStorageBlobs", data), [("BlobTrigger", $"{container}/{blob}"), ("name", blob)], Guid.NewGuid().ToString(), cancellationToken);
    }

    /// <summary>Runs a queue-triggered function.</summary>
    public Task InvokeWithMessageAsync(string function, QueueDelivery delivery, int dequeueCount, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        Dictionary<string, object> data = new()
        {
            ["MessageId"] = delivery.MessageId,
            ["PopReceipt"] = "receipt",
            ["MessageText"] = delivery.Body.ToString(),
            ["DequeueCount"] = dequeueCount,
            ["InsertedOn"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
        };
        return InvokeAsync(Find(function), Binding("AzureStorageQueues", data), [("Id", delivery.MessageId)], Guid.NewGuid().ToString(), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _triggers;
            await _keeping;
        }
        catch (OperationCanceledException)
        {
        }

        if (_front is not null)
        {
            await _front.DisposeAsync();
        }

        if (_process is { HasExited: false } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        _process?.Dispose();
        _channel.Close();
        using (CancellationTokenSource limit = new(TimeSpan.FromSeconds(5)))
        {
            await _rpc.StopAsync(limit.Token);
        }

        await _rpc.DisposeAsync();
        _toWorker.Dispose();
        _stop.Dispose();
    }

    internal LoadedFunction Find(string name) => Functions.Single(function => function.Name == name);

    private static TypedData Binding(string source, object data) => new()
    {
        ModelBindingData = new ModelBindingData { Version = "1.0", Source = source, ContentType = "application/json", Content = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(data)) },
    };

    private static WebApplicationBuilder Quiet()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = typeof(FunctionsHost).Assembly.GetName().Name });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        return builder;
    }

    private void StartWorker()
    {
        string app = Path.Combine(AppFolder, "ClipFunctions.dll");
        if (!File.Exists(app))
        {
            throw new FileNotFoundException($"The app is not built: {app}");
        }

        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppFolder };
        string id = Guid.NewGuid().ToString();
        foreach (string argument in (string[])[
            app, "--host", "127.0.0.1", "--port", $"{_rpcPort}", "--workerId", id, "--requestId", id, "--grpcMaxMessageLength", $"{int.MaxValue}",
            "--functions-uri", $"http://127.0.0.1:{_rpcPort}/", "--functions-worker-id", id, "--functions-request-id", id, "--functions-grpc-max-message-length", $"{int.MaxValue}"])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = AppFolder;
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        start.Environment["AzureWebJobsStorage"] = _connection;
        start.Environment["ClipStorage"] = _connection;
        start.Environment["EvaluationSchedule"] = "0 0 3 * * *";
        start.Environment["AzureWebJobs.TagUploadOnEvent.Disabled"] = "true";
        foreach ((string key, string value) in _settings)
        {
            start.Environment[key] = value;
        }

        _channel = new WorkerChannel { Logged = _output.Enqueue };
        Starts++;
        _process = Process.Start(start) ?? throw new InvalidOperationException("dotnet could not be started.");
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        void Add(string? line)
        {
            if (line is not null)
            {
                _output.Enqueue(line);
            }
        }
    }

    /// <summary>Introduces each worker, and starts another when one has ended.</summary>
    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Process process = _process!;
            WorkerChannel channel = _channel;
            using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task introducing = IntroduceAsync(channel, ended.Token);
            try
            {
                await process.WaitForExitAsync(cancellationToken);
            }
            finally
            {
                channel.Close();
                await ended.CancelAsync();
                try
                {
                    await introducing;
                }
                catch (Exception exception) when (exception is IOException or OperationCanceledException)
                {
                }
            }

            if (Functions.Count == 0)
            {
                // It has never been ready.
                _ready.TrySetException(new InvalidOperationException($"The worker ended with code {process.ExitCode}:\n{Output}"));
                return;
            }

            Renew();
            process.Dispose();
            StartWorker();
        }
    }

    private async Task IntroduceAsync(WorkerChannel channel, CancellationToken cancellationToken)
    {
        await channel.Started.WaitAsync(Patience, cancellationToken);
        WorkerInitRequest init = new() { HostVersion = "4.1000.0", WorkerDirectory = AppFolder, FunctionAppDirectory = AppFolder };
        WorkerInitResponse initialized = (await AskAsync(id => new StreamingMessage { RequestId = id, WorkerInitRequest = init })).WorkerInitResponse;
        Check("init", initialized.Result);
        Capabilities = initialized.Capabilities;
        _workerAddress = new Uri(initialized.Capabilities["HttpUri"]);

        FunctionMetadataResponse metadata = (await AskAsync(id => new StreamingMessage { RequestId = id, FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = AppFolder } })).FunctionMetadataResponse;
        Check("metadata", metadata.Result);
        LoadedFunction[] functions = [.. metadata.FunctionMetadataResults.Select(function => new LoadedFunction(function))];
        foreach (LoadedFunction function in functions)
        {
            FunctionLoadRequest load = new() { FunctionId = function.Metadata.FunctionId, Metadata = function.Metadata };
            StreamingMessage loaded = await channel.AskAsync(function.Metadata.FunctionId, new StreamingMessage { RequestId = Guid.NewGuid().ToString(), FunctionLoadRequest = load }, cancellationToken);
            Check(function.Name, loaded.FunctionLoadResponse.Result);
        }

        Functions = functions;
        _ready.TrySetResult();

        Task<StreamingMessage> AskAsync(Func<string, StreamingMessage> message)
        {
            string id = Guid.NewGuid().ToString();
            return channel.AskAsync(id, message(id), cancellationToken);
        }
    }

    private static void Check(string what, StatusResult? result)
    {
        if (result is { Status: not StatusResult.Types.Status.Success })
        {
            throw new InvocationFailedException(what, $"{result.Exception?.Message}\n{result.Exception?.StackTrace}");
        }
    }

    private void Renew()
    {
        lock (_output)
        {
            if (_ready.Task.IsCompleted)
            {
                _ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private async Task WhenReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _ready.Task.WaitAsync(Patience, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new InvalidOperationException($"The worker did not load its functions:\n{Output}", exception);
        }
    }

    private async Task InvokeAsync(LoadedFunction function, TypedData data, IEnumerable<(string Key, string Value)> metadata, string invocationId, CancellationToken cancellationToken)
    {
        await WhenReadyAsync(cancellationToken);
        RpcTraceContext trace = new() { TraceParent = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01" };
        InvocationRequest request = new() { InvocationId = invocationId, FunctionId = function.Metadata.FunctionId, TraceContext = trace };
        request.InputData.Add(new ParameterBinding { Name = function.Parameter, Data = data });
        foreach ((string key, string value) in metadata)
        {
            request.TriggerMetadata[key] = new TypedData { String = value };
        }

        WorkerChannel channel = _channel;
        Task<StreamingMessage> asking = channel.AskAsync(invocationId, new StreamingMessage { RequestId = invocationId, InvocationRequest = request }, cancellationToken);
        Invoking?.Invoke(function.Name);
        Check(function.Name, (await asking).InvocationResponse.Result);
    }

    private async Task<WebApplication> OpenFrontAsync()
    {
        int port = AzuriteServer.FreePort();
        WebApplicationBuilder builder = Quiet();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);

            // The Functions host's own default.
            kestrel.Limits.MaxRequestBodySize = 104_857_600;
            kestrel.AddServerHeader = false;
        });
        WebApplication front = builder.Build();
        foreach (LoadedFunction function in Functions.Where(function => function.Kind == "httpTrigger"))
        {
            string[] methods = [.. function.Trigger.GetProperty("methods").EnumerateArray().Select(method => method.GetString()!)];
            front.MapMethods(function.Property("route") is { Length: > 0 } route ? route : function.Name, methods, context => ForwardAsync(function, context));
        }

        front.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
            {
                _output.Enqueue($"{context.Request.Method} {context.Request.Path}: {exception}");
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                await context.Response.WriteAsync(exception.ToString());
            }
        });
        await front.StartAsync();
        Address = new Uri($"http://127.0.0.1:{port}/");
        return front;
    }

    private async Task ForwardAsync(LoadedFunction function, HttpContext context)
    {
        string invocationId = Guid.NewGuid().ToString();
        RpcHttp http = new();
        foreach ((string key, object? value) in context.Request.RouteValues)
        {
            http.Params[key] = value?.ToString() ?? "";
        }

        await WhenReadyAsync(context.RequestAborted);
        Task invoking = InvokeAsync(function, new TypedData { Http = http }, [], invocationId, context.RequestAborted);
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        using HttpRequestMessage request = new(
            new HttpMethod(context.Request.Method),
            new Uri(_workerAddress!.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (context.Request.ContentLength > 0 || context.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
        }

        foreach ((string key, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Headers.Where(header => !NotForwarded.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
        {
            if (!request.Headers.TryAddWithoutValidation(key, values.AsEnumerable()))
            {
                request.Content?.Headers.TryAddWithoutValidation(key, values.AsEnumerable());
            }
        }

        request.Headers.Add(InvocationHeader, invocationId);
        request.Headers.Add("X-Forwarded-Host", context.Request.Host.Value);
        request.Headers.Add("X-Forwarded-Proto", context.Request.Scheme);
        using HttpResponseMessage response = await _toWorker.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach ((string key, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers).Where(header => !NotForwarded.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
        {
            context.Response.Headers[key] = values.ToArray();
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        await invoking;
    }
}
