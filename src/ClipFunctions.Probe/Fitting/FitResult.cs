using ClipFunctions.Probe.Classifying;

namespace ClipFunctions.Probe.Fitting;

/// <summary>A classifier and how it came about.</summary>
/// <param name="Classifier">The classifier.</param>
/// <param name="Report">The fit's certificate.</param>
public sealed record FitResult(LinearClassifier Classifier, FitReport Report);
