namespace ClipFunctions.Probe.Metrics;

/// <summary>A value with a percentile bootstrap interval.</summary>
/// <param name="Value">The value of the rows themselves.</param>
/// <param name="Low">The interval's lower end.</param>
/// <param name="High">The interval's upper end.</param>
public readonly record struct ConfidenceInterval(double Value, double Low, double High);
