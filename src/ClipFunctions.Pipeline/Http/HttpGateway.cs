using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using ClipFunctions.Pipeline.Http.Operations;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Http;

/// <summary>Every request passes here, whichever host took it: key, limits, time, and what is told when something is wrong.</summary>
public sealed partial class HttpGateway : IDisposable
{
    /// <summary>The header that Azure Functions take their keys in.</summary>
    public const string KeyHeader = "x-functions-key";

    private static readonly string[] OtherKeyHeaders = ["api-key", "Ocp-Apim-Subscription-Key"];
    private const string KeyQuery = "code";
    private const string Bearer = "Bearer ";

    private readonly IServiceProvider _services;
    private readonly ClipHttpOptions _options;
    private readonly PipelineTelemetry _telemetry;
    private readonly ILogger<HttpGateway> _logger;
    private readonly ConcurrencyLimiter _limiter;
    private readonly byte[]? _keyHash;

    /// <summary>Makes the gateway.</summary>
    public HttpGateway(IServiceProvider services, IOptions<ClipHttpOptions> options, PipelineTelemetry telemetry, ILogger<HttpGateway> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _services = services;
        _options = options.Value;
        _telemetry = telemetry;
        _logger = logger;
        _keyHash = _options.Key is { Length: > 0 } key ? Hash(key) : null;
        _limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = _options.MaxConcurrentRequests,
            QueueLimit = _options.MaxQueuedRequests,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>Answers a request.</summary>
    /// <param name="operation">What is asked for.</param>
    /// <param name="context">The request; its <see cref="HttpContext.RequestAborted"/> ends the work.</param>
    /// <returns>The answer, also when something is wrong. It is to be executed on the same context.</returns>
    public async Task<IResult> RunAsync(ClipOperation operation, HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(context);
        long start = Stopwatch.GetTimestamp();
        string outcome = "ok";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        try
        {
            if (operation.Access == OperationAccess.Public)
            {
                return await operation.Handle(_services, context, context.RequestAborted);
            }

            CheckKey(context.Request);
            limit.CancelAfter(_options.RequestTimeout);
            context.Response.RegisterForDispose(await EnterAsync(limit.Token));
            return await operation.Handle(_services, context, limit.Token);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            outcome = "Cancelled";
            return Results.Empty;
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested)
        {
            outcome = "Timeout";
            return Tell(operation, context, new RequestProblemException(
                503,
                "Timeout",
                "The request took too long",
                string.Create(CultureInfo.InvariantCulture, $"The request was not done within {_options.RequestTimeout.TotalSeconds:F0} s (Clip:Http:RequestTimeout). Send less at a time."),
                exception)
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            });
        }
        catch (Exception exception)
        {
            RequestProblemException problem = ProblemMapper.Of(exception);
            outcome = problem.Code;
            return Tell(operation, context, problem);
        }
        finally
        {
            _telemetry.RecordRequest(operation.Name, outcome, Stopwatch.GetElapsedTime(start));
        }
    }

    /// <summary>A problem as an answer.</summary>
    /// <param name="problem">The problem.</param>
    public static IResult Tell(RequestProblemException problem) => Tell(problem, withError: false);

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();

    private async Task<RateLimitLease> EnterAsync(CancellationToken cancellationToken)
    {
        RateLimitLease lease = await _limiter.AcquireAsync(1, cancellationToken);
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        int most = _options.MaxConcurrentRequests + _options.MaxQueuedRequests;
        throw new RequestProblemException(
            429,
            "TooManyRequests",
            "Too many requests at a time",
            string.Create(CultureInfo.InvariantCulture, $"{_options.MaxConcurrentRequests} requests are worked on and {_options.MaxQueuedRequests} wait (Clip:Http:MaxConcurrentRequests, Clip:Http:MaxQueuedRequests). Come again."))
        {
            Limit = most,
            Actual = most + 1,
            RetryAfter = TimeSpan.FromSeconds(1),
        };
    }

    private void CheckKey(HttpRequest request)
    {
        if (_keyHash is null)
        {
            return;
        }

        string? given = request.Headers[KeyHeader].FirstOrDefault()
            ?? request.Query[KeyQuery].FirstOrDefault()
            ?? OtherKeyHeaders.Select(header => request.Headers[header].FirstOrDefault()).FirstOrDefault(value => value is not null)
            ?? (request.Headers.Authorization.FirstOrDefault() is { } authorization && authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..].Trim() : null);
        if (given is null || !CryptographicOperations.FixedTimeEquals(Hash(given), _keyHash))
        {
            throw new RequestProblemException(
                401,
                given is null ? "KeyRequired" : "KeyWrong",
                given is null ? "A key is required" : "The key is wrong",
                $"Send the host's key (Clip:Http:Key) in the header {KeyHeader}, as the query's '{KeyQuery}', or as 'Authorization: Bearer …'.");
        }
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private IResult Tell(ClipOperation operation, HttpContext context, RequestProblemException problem)
    {
        string name = operation.Name;
        if (problem.Status >= 500)
        {
            LogFault(problem.InnerException ?? problem, name, problem.Code);
        }
        else
        {
            LogRefused(name, problem.Status, problem.Code, problem.Message);
        }

        if (problem.RetryAfter is { } retryAfter)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(retryAfter.TotalSeconds).ToString("F0", CultureInfo.InvariantCulture);
        }

        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return Tell(problem, operation.IsDropIn);
    }

    private static IResult Tell(RequestProblemException problem, bool withError) =>
        Results.Json(ProblemMapper.Reply(problem, withError), ReplyJson.Readable.ProblemReply, ProblemReply.MediaType, problem.Status);

    [LoggerMessage(1, LogLevel.Error, "{Operation} failed: {Code}")]
    private partial void LogFault(Exception exception, string operation, string code);

    [LoggerMessage(2, LogLevel.Debug, "{Operation} refused: {Status} {Code}: {Detail}")]
    private partial void LogRefused(string operation, int status, string code, string detail);
}
