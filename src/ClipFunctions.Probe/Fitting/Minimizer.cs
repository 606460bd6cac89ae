using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Numerics;

namespace ClipFunctions.Probe.Fitting;

/// <summary>
/// L-BFGS in whitened variables. The points and gradients are double in the original variables; only steps and their memory are float32, which
/// costs iterations at worst, never accuracy.
/// </summary>
internal sealed class Minimizer : IDisposable
{
    private const int Memory = 10;
    private const int MostTrials = 25;

    // Half the curvature of the losses at the start: near an optimum it is smaller.
    private const double CurvatureShare = 0.5;
    private const double Descent = 1e-4;
    private const double Flatness = 0.9;
    private const double ApproximateDescent = 0.1;

    // Beyond it gradients and steps leave float32's range.
    private const double LargestCurvature = 1e30;

    // Evaluations in float32 differ by about this share of the objective.
    private const double Noise = 1e-7;

    // What a step promises must be above it, and what is won between two failed searches: else they only follow the round-off.
    private const double LeastPromise = 1e-3 * Noise;
    private const double LeastProgress = 100 * Noise;

    private readonly TrainingSet _set;
    private readonly FitOptions _options;
    private readonly IProgress<FitProgress>? _progress;
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly Objective _objective;
    private readonly WhiteningBasis _basis;
    private readonly QuasiNewtonMemory _memory;
    private readonly double _interceptScale;
    private readonly int _weights;
    private readonly int _length;
    private readonly float[] _white;
    private readonly float[] _whiteStep;
    private readonly float[] _whiteChange;
    private double[] _point;
    private double[] _gradient;
    private double[] _trialPoint;
    private double[] _trialGradient;
    private readonly double[] _step;
    private int _evaluations;

    public Minimizer(TrainingSet set, FitOptions options, IProgress<FitProgress>? progress, CancellationToken cancellationToken)
    {
        (_set, _options, _progress) = (set, options, progress);
        int dimension = set.Features.Dimension;
        int rows = set.Features.Count;
        double curvature = CurvatureShare * set.Labels.CountByClass().Average(count => (double)count / rows * (1 - ((double)count / rows)));
        for (int j = 0; j < dimension; j++)
        {
            double square = options.C * set.Gram[(j * set.GramPitch) + j];
            if (!(square <= LargestCurvature))
            {
                throw new InvalidTrainingDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"C = {options.C} is too large for column {j} of the features: C times the column's sum of squares is {square:E1}, the limit {LargestCurvature:E0}. Scale the features down or take a smaller C."));
            }
        }

        _objective = new Objective(set, options.C, cancellationToken);
        _basis = new WhiteningBasis(set.Gram, set.GramPitch, dimension, options.C * curvature, set.Outputs);
        _interceptScale = Math.Sqrt(options.C * curvature * rows);
        _length = _objective.Length;
        _weights = set.Outputs * dimension;
        _memory = new QuasiNewtonMemory(Memory, _length);
        (_white, _whiteStep, _whiteChange) = (new float[_length], new float[_length], new float[_length]);
        (_point, _gradient, _trialPoint, _trialGradient, _step) = (new double[_length], new double[_length], new double[_length], new double[_length], new double[_length]);
    }

    /// <summary>Minimises.</summary>
    public FitResult Run(LinearClassifier? start)
    {
        Begin(start);
        double value = Evaluate(_point, _gradient);
        ToWhite(_gradient, _white);
        double estimate;
        double lastFailure = double.PositiveInfinity;
        int iterations = 0;
        FitOutcome outcome;
        while (true)
        {
            double slope = Aim();
            if (!(slope < 0))
            {
                _memory.Clear();
                slope = Aim();
            }

            double left = 0.5 * Math.Max(-slope, Square(_white));
            estimate = value > 0 ? left / value : 0;
            _progress?.Report(new FitProgress(iterations, _evaluations, value, estimate));
            if (estimate <= _options.Tolerance)
            {
                // Soon after a failed search the memory knows too little of the curvature to tell.
                outcome = double.IsInfinity(lastFailure) || _memory.Count == Memory ? FitOutcome.Converged : FitOutcome.PrecisionReached;
                break;
            }

            if (iterations == _options.MaxIterations)
            {
                outcome = FitOutcome.IterationLimit;
                break;
            }

            double length = Search(ref value, slope);
            if (length == 0)
            {
                if (_memory.Count == 0 || !(value < lastFailure * (1 - LeastProgress)))
                {
                    outcome = FitOutcome.PrecisionReached;
                    break;
                }

                lastFailure = value;
                _memory.Clear();
                continue;
            }

            iterations++;
            Remember(length);
        }

        return Finish(value, estimate, iterations, outcome);
    }

    public void Dispose()
    {
        _objective.Dispose();
        _basis.Dispose();
    }

    private void Begin(LinearClassifier? start)
    {
        int dimension = _set.Features.Dimension;
        Span<double> intercepts = _point.AsSpan(_weights);
        if (start is null)
        {
            int[] counts = _set.Labels.CountByClass();
            for (int c = 0; c < intercepts.Length; c++)
            {
                intercepts[c] = intercepts.Length == 1 ? Math.Log((double)counts[1] / counts[0]) : Math.Log(counts[c]);
            }

            if (intercepts.Length > 1)
            {
                TensorPrimitives.Subtract(intercepts, TensorPrimitives.Average<double>(intercepts), intercepts);
            }

            return;
        }

        if (start.Dimension != dimension || !start.Classes.SequenceEqual(_set.Labels.Classes, StringComparer.Ordinal))
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"The start has {start.Classes.Count} classes and {start.Dimension} features, which are not those of the data ({_set.Labels.Classes.Count}, {dimension}), or are in another order."),
                nameof(start));
        }

        start.Weights.Span.CopyTo(_point);
        for (int c = 0; c < intercepts.Length; c++)
        {
            intercepts[c] = start.Intercepts.Span[c] + DotMean(c);
        }
    }

    private double DotMean(int output)
    {
        double sum = 0;
        ReadOnlySpan<double> weights = _point.AsSpan(output * _set.Features.Dimension, _set.Features.Dimension);
        for (int j = 0; j < weights.Length; j++)
        {
            sum += weights[j] * _set.Mean[j];
        }

        return sum;
    }

    /// <summary>Sets the step that the memory proposes and gives the objective's slope along it.</summary>
    private double Aim()
    {
        _memory.Solve(_white, _whiteStep);
        TensorPrimitives.Negate(_whiteStep, _whiteStep);
        _basis.FromWhite(_whiteStep.AsSpan(0, _weights), _step);
        for (int i = _weights; i < _length; i++)
        {
            _step[i] = _whiteStep[i] / _interceptScale;
        }

        return TensorPrimitives.Dot<double>(_gradient, _step);
    }

    /// <summary>
    /// A step that fulfils Wolfe's conditions, or the approximate ones of Hager and Zhang where values differ by round-off only.
    /// The trial point and gradient are then those of the step; 0 if there is none.
    /// </summary>
    private double Search(ref double value, double slope)
    {
        double low = 0, lowSlope = slope, high = double.PositiveInfinity, length = 1;
        double best = 0, bestValue = 0;
        for (int trial = 0; trial < MostTrials; trial++)
        {
            TensorPrimitives.MultiplyAdd(_step, length, _point, _trialPoint);
            double next = Evaluate(_trialPoint, _trialGradient);
            double nextSlope = TensorPrimitives.Dot<double>(_trialGradient, _step);
            bool finite = double.IsFinite(next) && double.IsFinite(nextSlope);
            bool lower = finite && next <= value + (Descent * length * slope);
            bool nearlyLower = finite && next <= value + (Noise * Math.Abs(value)) && nextSlope <= ((2 * ApproximateDescent) - 1) * slope;
            if (lower || nearlyLower)
            {
                if (nextSlope >= Flatness * slope || trial == MostTrials - 1)
                {
                    value = next;
                    return length;
                }

                (best, bestValue) = (length, next);
                double extended = length + ((length - low) * Math.Clamp(nextSlope / (lowSlope - nextSlope), 1, 9));
                (low, lowSlope) = (length, nextSlope);
                length = double.IsInfinity(high) ? extended : Math.Min(extended, 0.5 * (low + high));
                continue;
            }

            high = length;
            double share = finite && nextSlope > 0 ? lowSlope / (lowSlope - nextSlope) : 0.1;
            length = low + ((high - low) * Math.Clamp(share, 0.1, 0.9));
            if (best == 0 && -length * slope < LeastPromise * Math.Abs(value))
            {
                return 0;
            }

            if (best > 0 && trial >= 4)
            {
                TensorPrimitives.MultiplyAdd(_step, best, _point, _trialPoint);
                value = bestValue;
                Evaluate(_trialPoint, _trialGradient);
                return best;
            }
        }

        return 0;
    }

    /// <summary>Moves to the trial point and keeps the step and the change of the gradient.</summary>
    private void Remember(double length)
    {
        TensorPrimitives.Multiply(_whiteStep, (float)length, _whiteStep);
        TensorPrimitives.Subtract(_trialGradient, _gradient, _gradient);
        ToWhite(_gradient, _whiteChange);
        _memory.Add(_whiteStep, _whiteChange);
        (_point, _trialPoint) = (_trialPoint, _point);
        (_gradient, _trialGradient) = (_trialGradient, _gradient);
        ToWhite(_gradient, _white);
    }

    private void ToWhite(double[] gradient, float[] white)
    {
        _basis.ToWhite(gradient.AsSpan(0, _weights), white);
        for (int i = _weights; i < _length; i++)
        {
            white[i] = (float)(gradient[i] / _interceptScale);
        }
    }

    private double Evaluate(double[] point, double[] gradient)
    {
        _evaluations++;
        return _objective.Evaluate(point, gradient);
    }

    private static double Square(ReadOnlySpan<float> vector) => VectorLoops.Dot(vector, vector);

    private FitResult Finish(double value, double estimate, int iterations, FitOutcome outcome)
    {
        int outputs = _set.Outputs;
        ReadOnlySpan<double> weights = _point.AsSpan(0, _weights);
        double penalty = 0.5 * TensorPrimitives.Dot(weights, weights);
        double norm = TensorPrimitives.Norm<double>(_gradient.AsSpan(0, _weights));
        double interceptGradient = Math.Abs(TensorPrimitives.MaxMagnitude<double>(_gradient.AsSpan(_weights)));
        double[] coefficients = weights.ToArray();
        double[] intercepts = new double[outputs];
        for (int c = 0; c < outputs; c++)
        {
            intercepts[c] = _point[_weights + c] - DotMean(c);
        }

        if (outputs > 1)
        {
            TensorPrimitives.Subtract(intercepts, TensorPrimitives.Average<double>(intercepts), intercepts);
        }

        FitReport report = new()
        {
            Outcome = outcome,
            C = _options.C,
            Objective = value,
            LogLoss = (value - penalty) / _options.C,
            GradientNorm = norm,
            InterceptGradient = interceptGradient,
            RelativeGapBound = value > 0 ? 0.5 * norm * norm / value : 0,
            RelativeGapEstimate = estimate,
            Iterations = iterations,
            Evaluations = _evaluations,
            Elapsed = Stopwatch.GetElapsedTime(_started),
        };
        return new FitResult(LinearClassifier.Own(coefficients, intercepts, _set.Labels.Classes), report);
    }
}
