namespace ClipFunctions.Probe.Fitting;

/// <summary>What a fit did, and how near it came.</summary>
public sealed record FitReport
{
    /// <summary>Why it ended.</summary>
    public required FitOutcome Outcome { get; init; }

    /// <summary>The inverse strength of regularisation.</summary>
    public required double C { get; init; }

    /// <summary><c>C · Σ logloss + ½‖W‖²</c> at the end.</summary>
    public required double Objective { get; init; }

    /// <summary>The sum of the rows' log losses, in nats, without C.</summary>
    public required double LogLoss { get; init; }

    /// <summary>The Euclidean norm of the objective's gradient with respect to the weights.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>The largest absolute derivative by an intercept; the certificate holds for 0.</summary>
    public required double InterceptGradient { get; init; }

    /// <summary>
    /// The certificate: with the intercepts at their best the objective is 1-strongly convex in the weights, so that it lies at most ½‖gradient‖²
    /// above the optimum, which is also the duality gap at the residuals. Divided by the objective; true up to the round-off of the evaluation.
    /// </summary>
    public required double RelativeGapBound { get; init; }

    /// <summary>What the method itself expects to be left, divided by the objective: usually much less than the bound.</summary>
    public required double RelativeGapEstimate { get; init; }

    /// <summary>Steps taken.</summary>
    public required int Iterations { get; init; }

    /// <summary>Passes over all rows that computed the objective and its gradient.</summary>
    public required int Evaluations { get; init; }

    /// <summary>The time it took.</summary>
    public required TimeSpan Elapsed { get; init; }
}
