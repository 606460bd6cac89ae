using System.Globalization;

namespace ClipFunctions.Pipeline.Http.Problems;

/// <summary>A request cannot be answered, and its sender is told why.</summary>
public sealed class RequestProblemException : Exception
{
    /// <summary>Describes a problem.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="code">A stable code.</param>
    /// <param name="title">The kind of problem in a few words.</param>
    /// <param name="detail">What was wrong, and what to do.</param>
    /// <param name="innerException">What found it.</param>
    public RequestProblemException(int status, string code, string title, string detail, Exception? innerException = null)
        : base(detail, innerException)
    {
        Status = status;
        Code = code;
        Title = title;
    }

    /// <summary>The HTTP status.</summary>
    public int Status { get; }

    /// <summary>A stable code.</summary>
    public string Code { get; }

    /// <summary>The kind of problem in a few words.</summary>
    public string Title { get; }

    /// <summary>The limit that was exceeded.</summary>
    public long? Limit { get; init; }

    /// <summary>The value that exceeded it.</summary>
    public long? Actual { get; init; }

    /// <summary>When to come again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The pictures at fault.</summary>
    public IReadOnlyList<PictureError>? Errors { get; init; }

    internal static RequestProblemException BadRequest(string code, string title, string detail, Exception? innerException = null) =>
        new(400, code, title, detail, innerException);

    /// <summary>More than a setting allows.</summary>
    internal static RequestProblemException OverLimit(string code, string what, string setting, long limit, long actual, int status = 400) => new(
        status,
        code,
        $"Too many {what}",
        string.Create(CultureInfo.InvariantCulture, $"The request has {actual} {what}; at most {limit} are allowed ({setting}). Send fewer at a time."))
    {
        Limit = limit,
        Actual = actual,
    };
}
