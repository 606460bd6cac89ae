namespace ClipFunctions.Probe.Fitting;

/// <summary>How far a fit is.</summary>
/// <param name="Iterations">Steps taken.</param>
/// <param name="Evaluations">Passes over all rows.</param>
/// <param name="Objective">The objective now.</param>
/// <param name="RelativeGapEstimate">What is estimated to be left of it, as a share; the fit ends at <see cref="FitOptions.Tolerance"/>.</param>
public readonly record struct FitProgress(int Iterations, int Evaluations, double Objective, double RelativeGapEstimate);
