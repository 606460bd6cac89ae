using ClipFunctions.Pipeline.Evaluations;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>Evaluations.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Evaluations">The newest first.</param>
internal sealed record EvaluationsReply(int Total, IReadOnlyList<EvaluationStatus> Evaluations);
