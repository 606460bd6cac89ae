using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Problems;

/// <summary>What went wrong, by RFC 9457 (<c>application/problem+json</c>).</summary>
public sealed record ProblemReply
{
    /// <summary>What the type begins with; <see cref="Code"/> follows.</summary>
    public const string TypePrefix = "urn:clipfunctions:problem:";

    /// <summary>The media type.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>The kind of problem: <see cref="TypePrefix"/> and the code.</summary>
    public required string Type { get; init; }

    /// <summary>The kind of problem in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What was wrong with this request, and what to do.</summary>
    public required string Detail { get; init; }

    /// <summary>A stable code, such as <c>TooManyTexts</c>.</summary>
    public required string Code { get; init; }

    /// <summary>The limit that was exceeded, where one was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }

    /// <summary>The value that exceeded it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Actual { get; init; }

    /// <summary>The pictures that were at fault, where some were.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PictureError>? Errors { get; init; }

    /// <summary>Names this request in the host's logs and traces.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }

    /// <summary>The same once more in the form that OpenAI's and Azure AI's clients read; only on their routes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ErrorReply? Error { get; init; }
}
