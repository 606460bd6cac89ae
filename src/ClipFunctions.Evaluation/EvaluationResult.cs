using ClipFunctions.Probe.Reports;

namespace ClipFunctions.Evaluation;

/// <summary>What an evaluation found.</summary>
/// <param name="Report">The report.</param>
/// <param name="Classifier">Linear probe: the classifier as <c>.npz</c>; null otherwise.</param>
public sealed record EvaluationResult(EvaluationReport Report, byte[]? Classifier);
