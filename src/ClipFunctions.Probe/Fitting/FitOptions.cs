namespace ClipFunctions.Probe.Fitting;

/// <summary>How a <see cref="LogisticRegression"/> is fitted.</summary>
public sealed record FitOptions
{
    private readonly double _c = 1;
    private readonly double _tolerance = 1e-9;
    private readonly int _maxIterations = 1000;
    private readonly int _threads;

    /// <summary>The inverse of the strength of regularisation, above 0; 1 by default, as in scikit-learn. CLIP's example takes 0.316.</summary>
    public double C
    {
        get => _c;
        init
        {
            if (!(value > 0) || !double.IsFinite(value))
            {
                throw new ArgumentOutOfRangeException(nameof(C), value, "C is a number above 0.");
            }

            _c = value;
        }
    }

    /// <summary>The fit ends when the objective is estimated to lie within this share of the optimum, above 0; 1e-9 by default.</summary>
    public double Tolerance
    {
        get => _tolerance;
        init
        {
            if (!(value > 0) || !double.IsFinite(value))
            {
                throw new ArgumentOutOfRangeException(nameof(Tolerance), value, "The tolerance is a number above 0.");
            }

            _tolerance = value;
        }
    }

    /// <summary>Iterations after which the fit ends in any case, 1 or more; 1000 by default.</summary>
    public int MaxIterations
    {
        get => _maxIterations;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxIterations));
            _maxIterations = value;
        }
    }

    /// <summary>Threads that compute; 0 (default) for as many as there are cores. The result does not depend on it.</summary>
    public int Threads
    {
        get => _threads;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(Threads));
            _threads = value;
        }
    }
}
