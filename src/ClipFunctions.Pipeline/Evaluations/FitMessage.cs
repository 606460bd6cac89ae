namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>The message of the fits queue.</summary>
/// <param name="RunId">The run.</param>
internal sealed record FitMessage(string RunId);
