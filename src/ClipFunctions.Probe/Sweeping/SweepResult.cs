using ClipFunctions.Probe.Fitting;

namespace ClipFunctions.Probe.Sweeping;

/// <summary>What a sweep found.</summary>
/// <param name="BestC">The value of C that did best on the validation rows.</param>
/// <param name="Points">All values that were tried, in ascending order.</param>
/// <param name="Fit">The classifier fitted with it on training and validation rows together.</param>
public sealed record SweepResult(double BestC, IReadOnlyList<SweepPoint> Points, FitResult Fit);
