namespace ClipFunctions.Probe.Metrics;

/// <summary>The rows whose largest probability lies in an interval.</summary>
/// <param name="From">The interval's lower end, not in it (but 0 is in the first).</param>
/// <param name="To">The interval's upper end, in it.</param>
/// <param name="Count">How many rows.</param>
/// <param name="Accuracy">The share of them that are right; 0 without rows.</param>
/// <param name="Confidence">The mean of their largest probabilities; 0 without rows.</param>
public readonly record struct ReliabilityBin(double From, double To, int Count, double Accuracy, double Confidence);
