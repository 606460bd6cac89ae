namespace ClipFunctions.Probe.Metrics;

/// <summary>How <see cref="ClassificationMetrics"/> are computed.</summary>
public sealed record MetricsOptions
{
    private readonly int _bins = 15;
    private readonly int _bootstrapSamples = 1000;
    private readonly double _confidence = 0.95;
    private readonly int _worstConfusions = 20;

    /// <summary>What the scores mean; logits by default.</summary>
    public ScoreKind ScoreKind { get; init; } = ScoreKind.Logits;

    /// <summary>Bins of the reliability diagram, 1 or more, equally wide; 15 by default.</summary>
    public int Bins
    {
        get => _bins;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(Bins));
            _bins = value;
        }
    }

    /// <summary>Resamples of the confidence intervals, 1 or more; 1000 by default.</summary>
    public int BootstrapSamples
    {
        get => _bootstrapSamples;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(BootstrapSamples));
            _bootstrapSamples = value;
        }
    }

    /// <summary>The share of resamples that a confidence interval holds, above 0 and below 1; 0.95 by default.</summary>
    public double Confidence
    {
        get => _confidence;
        init
        {
            if (value is not (> 0 and < 1))
            {
                throw new ArgumentOutOfRangeException(nameof(Confidence), value, "The confidence lies between 0 and 1.");
            }

            _confidence = value;
        }
    }

    /// <summary>The seed of the resamples; 0 by default.</summary>
    public int Seed { get; init; }

    /// <summary>How many pairs of classes <see cref="ClassificationMetrics.WorstConfusions"/> lists at most, 0 or more; 20 by default.</summary>
    public int WorstConfusions
    {
        get => _worstConfusions;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(WorstConfusions));
            _worstConfusions = value;
        }
    }
}
