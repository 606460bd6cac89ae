using System.Text;
using System.Text.Json;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>What is wrong with the answer to a hostile request.</summary>
internal static class RequestJudge
{
    private const string Problem = "application/problem+json";

    // What an answer must never tell: where the host stands, what it is made of, how it reaches its storage.
    private static readonly string[] Secrets =
    [
        RepositoryPaths.Root, AppContext.BaseDirectory.TrimEnd('/'), Path.GetTempPath().TrimEnd('/') + "/", "/home/", "/root/", "/usr/", "/proc/", "   at ", ".cs:line", "Exception", "System.", "Microsoft.", "ClipFunctions.", "Azure.", "Azurite", "devstoreaccount1",
        "AccountKey", "Eby8vdM02xNO", "StackTrace", "SkiaSharp", "OnnxRuntime",
    ];

    /// <summary>What is wrong; null if nothing is.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">What came back.</param>
    /// <param name="limit">How long it may take.</param>
    public static string? FaultOf(HostileRequest request, RawAnswer answer, TimeSpan limit)
    {
        if (answer.TimedOut || answer.Time > limit)
        {
            return $"no end after {answer.Time.TotalSeconds:F1} s";
        }

        if (request.IsAborted)
        {
            return null;
        }

        if (answer.Malformed is { } malformed && !(request.BreaksHttp && answer.HasAnother))
        {
            return $"the answer is malformed: {malformed}";
        }

        if (answer.Status == 0)
        {
            return request.BreaksHttp ? null : "no answer";
        }

        if (answer.Headers.Any(header => header.StartsWith("X-Injected", StringComparison.OrdinalIgnoreCase) || header.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase)))
        {
            return "a header was injected";
        }

        if (answer.Header("Server") is not null || answer.Header("X-Powered-By") is not null)
        {
            return "the answer tells what the server is";
        }

        // The server's own word on what is no HTTP, before anything of ours sees it.
        if (request.BreaksHttp && answer.Body.Length == 0 && answer.Status is >= 400 and < 500 or 505)
        {
            return null;
        }

        if (answer.Status >= 500)
        {
            return $"status {answer.Status}: {Encoding.UTF8.GetString(answer.Body)}";
        }

        if (answer.Status < 400 || request.IsHead)
        {
            return null;
        }

        string told = string.Join('\n', answer.Headers) + "\n" + Encoding.UTF8.GetString(answer.Body);
        if (Secrets.FirstOrDefault(secret => told.Contains(secret, StringComparison.OrdinalIgnoreCase)) is { } leak)
        {
            return $"the answer tells of '{leak}': {told}";
        }

        if (answer.Header("Content-Type") != Problem)
        {
            return $"status {answer.Status} as {answer.Header("Content-Type") ?? "nothing"}: {told}";
        }

        try
        {
            JsonElement problem = JsonDocument.Parse(answer.Body).RootElement;
            bool whole = problem.GetProperty("status").GetInt32() == answer.Status
                && problem.GetProperty("type").GetString() is { Length: > 0 }
                && problem.GetProperty("title").GetString() is { Length: > 0 }
                && problem.GetProperty("code").GetString() is { Length: > 0 } code
                && code.All(char.IsAsciiLetterOrDigit)
                && problem.GetProperty("detail").GetString() is { Length: > 0 and < 2000 };
            return whole ? null : $"the problem is not whole: {told}";
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"the problem is no problem: {told}";
        }
    }
}
