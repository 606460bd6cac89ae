using ClipFunctions.Probe.Fitting;

namespace ClipFunctions.Probe.Sweeping;

/// <summary>How a <see cref="ProbeSweep"/> searches.</summary>
public sealed record SweepOptions
{
    private readonly IReadOnlyList<double>? _values;
    private readonly double _tolerance = 1e-6;

    /// <summary>
    /// The values of C to try, each above 0; null (default) for the search of CLIP's paper (A.3): 10⁻⁶, 10⁻⁴ … 10⁶, then half the distance around
    /// the best, down to eight steps a decade.
    /// </summary>
    public IReadOnlyList<double>? Values
    {
        get => _values;
        init
        {
            if (value is not null && (value.Count == 0 || value.Any(c => !(c > 0) || !double.IsFinite(c))))
            {
                throw new ArgumentOutOfRangeException(nameof(Values), string.Join(", ", value), "Values of C are one or more numbers above 0.");
            }

            _values = value is null ? null : [.. value.Order().Distinct()];
        }
    }

    /// <summary>What the best C maximises; accuracy by default. Of equal ones the smallest C is taken.</summary>
    public SweepCriterion Criterion { get; init; } = SweepCriterion.Accuracy;

    /// <summary>The relative tolerance of the fits that are tried, above 0; 1e-6 by default.</summary>
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

    /// <summary>How the last fit, on training and validation rows together, is made; its C is not heeded. Its threads and its limit of iterations also hold for the fits that are tried.</summary>
    public FitOptions Fit { get; init; } = new();
}
