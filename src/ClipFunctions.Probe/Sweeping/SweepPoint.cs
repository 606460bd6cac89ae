using ClipFunctions.Probe.Fitting;

namespace ClipFunctions.Probe.Sweeping;

/// <summary>A value of C that was tried.</summary>
/// <param name="C">The value.</param>
/// <param name="Accuracy">The share of validation rows that are right.</param>
/// <param name="MeanPerClass">The mean of the classes' recalls; classes without validation rows are left out.</param>
/// <param name="LogLoss">The mean log loss of the validation rows, in nats.</param>
/// <param name="Report">The fit on the training rows.</param>
public sealed record SweepPoint(double C, double Accuracy, double MeanPerClass, double LogLoss, FitReport Report);
