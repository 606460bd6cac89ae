namespace ClipFunctions.Pipeline.Http.Problems;

/// <summary>A problem in the form that OpenAI's and Azure AI's clients read.</summary>
/// <param name="Code">The problem's code.</param>
/// <param name="Message">What was wrong.</param>
/// <param name="Type"><c>invalid_request_error</c>, <c>rate_limit_error</c> or <c>server_error</c>.</param>
/// <param name="Param">Always null.</param>
public sealed record ErrorReply(string Code, string Message, string Type, string? Param = null);
