using ClipFunctions.Probe.Fitting;

namespace ClipFunctions.Probe.Sweeping;

/// <summary>How far a sweep is.</summary>
/// <param name="Finished">Fits done.</param>
/// <param name="MostFits">Fits there may be, the last one included; there may be fewer.</param>
/// <param name="C">The value that is fitted now.</param>
/// <param name="Fit">How far that fit is.</param>
public readonly record struct SweepProgress(int Finished, int MostFits, double C, FitProgress Fit);
