namespace ClipFunctions.Probe.Tests;

internal sealed record GoldenCase(string Set, double C, double Optimum, double TrainAccuracy, double TestAccuracy);
