namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>Why a run failed.</summary>
/// <param name="Code">A stable code: <c>InvalidMessage</c>, <c>InvalidDataset</c>, <c>ModelNotFound</c>, <c>GaveUp</c> …</param>
/// <param name="Message">What was wrong, and what to do.</param>
public sealed record EvaluationFailure(string Code, string Message);
