using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Evaluation;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Batching;
using ClipFunctions.ModelCaching.Downloads;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Search;
using Microsoft.AspNetCore.Http;
using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.Pipeline.Http.Problems;

/// <summary>Turns what was thrown into what the sender is told: never a path of this machine, never a stack.</summary>
internal static class ProblemMapper
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    public static RequestProblemException Of(Exception exception) => exception switch
    {
        RequestProblemException problem => problem,
        BatchQueueFullException full => new RequestProblemException(429, "QueueFull", "Too much work is waiting", full.Message, full)
        {
            Limit = full.Limit,
            Actual = full.Waiting,
            RetryAfter = full.RetryAfter,
        },
        ImageException image => RequestProblemException.BadRequest(image.Reason, "The picture cannot be used", image.Message, image),
        TextTooLongException text => new RequestProblemException(
            400,
            "TextTooLong",
            "A text is too long",
            string.Create(CultureInfo.InvariantCulture, $"Text {text.TextIndex} has {text.TokenCount} tokens with start and end token; the context length is {text.ContextLength}. Shorten it, or set truncate to true to cut it off."),
            text)
        {
            Limit = text.ContextLength,
            Actual = text.TokenCount,
        },
        InvalidLabelSetException labels => RequestProblemException.BadRequest("InvalidLabels", "The labels cannot be used", labels.Message, labels),
        InvalidEvaluationException evaluation => RequestProblemException.BadRequest(evaluation.Code, "The evaluation cannot be done", evaluation.Message, evaluation),
        ModelNotFoundException model => new RequestProblemException(404, "ModelNotFound", "There is no such model", $"There is no model '{model.ModelId}' here; GET api/models lists those that are.", model),
        InvalidBundleException or InvalidCheckpointException or DeviceUnavailableException or ModelDownloadException or InvalidSettingException =>
            new RequestProblemException(503, "ModelUnavailable", "The model cannot be used", "The model cannot be loaded on this host; its log tells why.", exception),
        OnnxRuntimeException => new RequestProblemException(503, "InferenceFailed", "The model failed", "The model's run failed; it is loaded anew for the next request.", exception) { RetryAfter = Soon },
        OutOfMemoryException => new RequestProblemException(503, "OutOfMemory", "Not enough memory", "The host has not enough memory for this request now.", exception) { RetryAfter = Soon },
        RequestFailedException or AggregateException { InnerException: RequestFailedException or OperationCanceledException } or TimeoutException or OperationCanceledException =>
            new RequestProblemException(503, "StorageUnavailable", "Storage does not answer", "The storage account refuses or cannot be reached.", exception) { RetryAfter = Soon },
        IndexNotReadyException index => new RequestProblemException(503, "IndexNotReady", "The search index is being built", index.Message, index) { RetryAfter = Soon },
        JsonException json => RequestProblemException.BadRequest("InvalidJson", "The JSON cannot be read", Describe(json), json),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } bad => new RequestProblemException(413, "BodyTooLarge", "The body is too large", "The body is larger than the server accepts.", bad),
        BadHttpRequestException bad => new RequestProblemException(bad.StatusCode, "BadRequest", "The request cannot be read", bad.Message, bad),
        ObjectDisposedException => new RequestProblemException(503, "ShuttingDown", "The host is shutting down", "The host is shutting down.", exception) { RetryAfter = Soon },
        _ => new RequestProblemException(500, "InternalError", "Something is wrong with the server", "The request failed for a reason that is the server's; its log tells more under the trace id.", exception),
    };

    public static ProblemReply Reply(RequestProblemException problem, bool withError) => new()
    {
        Type = ProblemReply.TypePrefix + problem.Code,
        Title = problem.Title,
        Status = problem.Status,
        Detail = problem.Message,
        Code = problem.Code,
        Limit = problem.Limit,
        Actual = problem.Actual,
        Errors = problem.Errors,
        TraceId = Activity.Current?.TraceId.ToString(),
        Error = withError ? new ErrorReply(problem.Code, problem.Message, ErrorType(problem.Status)) : null,
    };

    private static string ErrorType(int status) => status switch
    {
        429 => "rate_limit_error",
        401 => "authentication_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    // The parser's own message ends in a path and a position that are told better here.
    private static string Describe(JsonException exception)
    {
        string message = exception.Message;
        int tail = message.IndexOf(" Path: ", StringComparison.Ordinal);
        string what = tail > 0 ? message[..tail] : message;
        if (what.Contains("ClipFunctions.", StringComparison.Ordinal) || what.Contains("System.", StringComparison.Ordinal))
        {
            // The only message of the parser's that names a type and a field of the request is about a field that is not known.
            what = what.Contains("could not be mapped", StringComparison.Ordinal) && what.Split('\'') is [_, { Length: <= 64 } field, ..]
                ? $"The field '{field}' is not known."
                : "A value is not of the kind that is expected here.";
        }

        string where = exception is { Path: { Length: > 0 and <= 256 } path } ? $" At {path}" : "";
        return exception.LineNumber is { } line
            ? string.Create(CultureInfo.InvariantCulture, $"{what}{where} (line {line + 1}, byte {exception.BytePositionInLine + 1}).")
            : what + where;
    }
}
