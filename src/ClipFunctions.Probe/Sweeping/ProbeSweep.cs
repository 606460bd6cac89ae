using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Fitting;
using ClipFunctions.Probe.Labels;
using ClipFunctions.Probe.Metrics;

namespace ClipFunctions.Probe.Sweeping;

/// <summary>
/// Finds the C that does best on validation rows, then fits on training and validation rows together. Every fit starts from that of the nearest C
/// so far, and all share what is computed from the features alone. Deterministic, as the fits are.
/// </summary>
public sealed class ProbeSweep
{
    // Exponents in eighths of a decade: 10⁻⁶ to 10⁶, first two decades apart.
    private const int StepsPerDecade = 8;
    private const int LowestDecade = -6;
    private const int HighestDecade = 6;
    private const int FirstStep = 2 * StepsPerDecade;
    private const int LastIndex = (HighestDecade - LowestDecade) * StepsPerDecade;

    private readonly TrainingSet _set;
    private readonly FeatureMatrix _validation;
    private readonly LabelVector _validationLabels;
    private readonly SweepOptions _options;
    private readonly IProgress<SweepProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly SortedList<double, (SweepPoint Point, LinearClassifier Classifier)> _tried = [];
    private readonly int _mostFits;

    private ProbeSweep(TrainingSet set, FeatureMatrix validation, LabelVector validationLabels, SweepOptions options, IProgress<SweepProgress>? progress, CancellationToken cancellationToken)
    {
        (_set, _validation, _validationLabels) = (set, validation, validationLabels);
        (_options, _progress, _cancellationToken) = (options, progress, cancellationToken);
        _mostFits = 1 + (options.Values?.Count ?? (LastIndex / FirstStep) + 1 + (2 * (int)Math.Log2(FirstStep)));
    }

    /// <summary>Searches and fits.</summary>
    /// <param name="train">Float32, <c>[n, d]</c>; all finite.</param>
    /// <param name="trainLabels">The class of every row; at least two classes, each with a row.</param>
    /// <param name="validation">Rows to choose C by, at least one.</param>
    /// <param name="validationLabels">Their classes, the same in the same order; not all need occur.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told after every step of every fit.</param>
    /// <param name="cancellationToken">Ends the search, between two blocks of rows.</param>
    /// <exception cref="InvalidTrainingDataException">The data cannot be learnt from; the message tells why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SweepResult Run(
        FeatureMatrix train,
        LabelVector trainLabels,
        FeatureMatrix validation,
        LabelVector validationLabels,
        SweepOptions? options = null,
        IProgress<SweepProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(trainLabels);
        ArgumentNullException.ThrowIfNull(validation);
        ArgumentNullException.ThrowIfNull(validationLabels);
        options ??= new SweepOptions();
        Check(train, trainLabels, validation, validationLabels);
        ProbeSweep sweep;
        SweepPoint best;
        using (TrainingSet set = TrainingSet.Create(train, trainLabels, options.Fit.Threads, cancellationToken))
        {
            sweep = new(set, validation, validationLabels, options, progress, cancellationToken);
            best = sweep.Search();
        }

        return sweep.Finish(best, train, trainLabels);
    }

    /// <summary><see cref="Run"/> on the thread pool.</summary>
    /// <param name="train">Float32, <c>[n, d]</c>; all finite.</param>
    /// <param name="trainLabels">The class of every row; at least two classes, each with a row.</param>
    /// <param name="validation">Rows to choose C by, at least one.</param>
    /// <param name="validationLabels">Their classes, the same in the same order; not all need occur.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told after every step of every fit.</param>
    /// <param name="cancellationToken">Ends the search, between two blocks of rows.</param>
    /// <exception cref="InvalidTrainingDataException">The data cannot be learnt from; the message tells why.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Task<SweepResult> RunAsync(
        FeatureMatrix train,
        LabelVector trainLabels,
        FeatureMatrix validation,
        LabelVector validationLabels,
        SweepOptions? options = null,
        IProgress<SweepProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Run(train, trainLabels, validation, validationLabels, options, progress, cancellationToken), cancellationToken);

    private static void Check(FeatureMatrix train, LabelVector trainLabels, FeatureMatrix validation, LabelVector validationLabels)
    {
        string? problem = validation.Count == 0 ? "There are no validation rows to choose C by."
            : validation.Count != validationLabels.Count ? $"There are {validation.Count} rows of validation features, but {validationLabels.Count} labels."
            : validation.Dimension != train.Dimension ? $"The validation features have {validation.Dimension} numbers a row, the training features {train.Dimension}."
            : !validationLabels.Classes.SequenceEqual(trainLabels.Classes, StringComparer.Ordinal) ? "The validation labels have other classes than the training labels, or another order."
            : null;
        if (problem is not null)
        {
            throw new InvalidTrainingDataException(problem);
        }
    }

    private static double Value(int index) => Math.Pow(10, LowestDecade + ((double)index / StepsPerDecade));

    private SweepPoint Search()
    {
        if (_options.Values is { } values)
        {
            foreach (double c in values)
            {
                Try(c);
            }

            return Best();
        }

        for (int index = 0; index <= LastIndex; index += FirstStep)
        {
            Try(Value(index));
        }

        for (int step = FirstStep / 2; step > 0; step /= 2)
        {
            int peak = (int)Math.Round((Math.Log10(Best().C) - LowestDecade) * StepsPerDecade);
            foreach (int index in (int[])[peak - step, peak + step])
            {
                if (index is >= 0 and <= LastIndex)
                {
                    Try(Value(index));
                }
            }
        }

        return Best();
    }

    private double Criterion(SweepPoint point) => _options.Criterion == SweepCriterion.Accuracy ? point.Accuracy : point.MeanPerClass;

    private SweepPoint Best() => _tried.Values.Select(tried => tried.Point).MaxBy(Criterion)!;

    private void Try(double c)
    {
        if (_tried.ContainsKey(c))
        {
            return;
        }

        LinearClassifier? start = _tried.Count == 0 ? null : _tried.MinBy(tried => Math.Abs(Math.Log(tried.Key / c))).Value.Classifier;
        FitOptions options = _options.Fit with { C = c, Tolerance = _options.Tolerance };
        FitResult fit = LogisticRegression.Fit(_set, options, start, Reporter(c), _cancellationToken);
        _tried.Add(c, (Score(c, fit), fit.Classifier));
    }

    private SweepPoint Score(double c, FitResult fit)
    {
        ScoreMatrix scores = fit.Classifier.Scores(_validation);
        int[] predictions = scores.ArgMax();
        int[] hits = new int[scores.Columns];
        double loss = 0;
        for (int row = 0; row < scores.Rows; row++)
        {
            int label = _validationLabels.Indices[row];
            hits[label] += predictions[row] == label ? 1 : 0;
            double max = scores[row][predictions[row]], sum = 0;
            foreach (float score in scores[row])
            {
                sum += Math.Exp(score - max);
            }

            loss += max + Math.Log(sum) - scores[row][label];
        }

        double perClass = _validationLabels.CountByClass().Select((count, i) => (Count: count, Hits: hits[i])).Where(one => one.Count > 0).Average(one => (double)one.Hits / one.Count);
        return new SweepPoint(c, hits.Sum() / (double)scores.Rows, perClass, loss / scores.Rows, fit.Report);
    }

    private SweepResult Finish(SweepPoint best, FeatureMatrix train, LabelVector trainLabels)
    {
        using FeatureMatrix all = FeatureMatrix.Concatenate(train, _validation);
        FitResult fit = LogisticRegression.Fit(
            all, LabelVector.Concatenate(trainLabels, _validationLabels), _options.Fit with { C = best.C }, _tried[best.C].Classifier, Reporter(best.C), _cancellationToken);
        return new SweepResult(best.C, [.. _tried.Values.Select(tried => tried.Point)], fit);
    }

    private FitReporter? Reporter(double c) => _progress is null ? null : new FitReporter(_progress, _tried.Count, _mostFits, c);

    private sealed class FitReporter(IProgress<SweepProgress> progress, int finished, int mostFits, double c) : IProgress<FitProgress>
    {
        public void Report(FitProgress value) => progress.Report(new SweepProgress(finished, mostFits, c, value));
    }
}
