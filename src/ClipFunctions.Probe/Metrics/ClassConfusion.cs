namespace ClipFunctions.Probe.Metrics;

/// <summary>One class taken for another.</summary>
/// <param name="Actual">The class of the rows.</param>
/// <param name="Predicted">What they were taken for.</param>
/// <param name="Count">How many rows.</param>
/// <param name="Share">Of the rows of their class.</param>
public sealed record ClassConfusion(string Actual, string Predicted, int Count, double Share);
