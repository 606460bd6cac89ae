namespace ClipFunctions.Probe.Metrics;

/// <summary>How one class fares.</summary>
/// <param name="Name">The class.</param>
/// <param name="Count">Rows of it.</param>
/// <param name="Predicted">Rows that were taken for it.</param>
/// <param name="Precision">The share of those that are of it; 0 where nothing was taken for it.</param>
/// <param name="Recall">The share of its rows that were found; 0 without rows.</param>
/// <param name="F1">The harmonic mean of both; 0 where both are.</param>
public sealed record ClassMetrics(string Name, int Count, int Predicted, double Precision, double Recall, double F1);
