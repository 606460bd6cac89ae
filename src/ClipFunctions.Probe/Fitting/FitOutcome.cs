namespace ClipFunctions.Probe.Fitting;

/// <summary>Why a fit ended.</summary>
public enum FitOutcome
{
    /// <summary>The tolerance was reached.</summary>
    Converged,

    /// <summary>No step made the objective smaller: the rest is float32's round-off.</summary>
    PrecisionReached,

    /// <summary>The limit of iterations was reached before the tolerance.</summary>
    IterationLimit,
}
