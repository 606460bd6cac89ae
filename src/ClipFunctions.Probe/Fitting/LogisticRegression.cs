using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Labels;

namespace ClipFunctions.Probe.Fitting;

/// <summary>
/// Logistic regression to scikit-learn's optimum: <c>C · Σ logloss + ½‖W‖²</c> with intercepts that are not regularised; softmax for three or more
/// classes, one row of weights for two. L-BFGS on centred features, preconditioned by their Gram matrix. The same data and options give the same
/// bits, however many threads compute, on CPUs of the same vector width. Scores are computed in float32: with C of many thousands and rows that are
/// nearly certain, its round-off may keep the fit some 1e-4 of the objective away from the optimum; <see cref="FitReport.RelativeGapBound"/> tells how near it is.
/// </summary>
public static class LogisticRegression
{
    /// <summary>Fits a classifier.</summary>
    /// <param name="features">Float32, <c>[n, d]</c>; all finite.</param>
    /// <param name="labels">The class of every row; at least two classes, each with a row.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="start">A classifier of the same classes and dimension to start from, null for none. It changes the time, not the optimum.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Ends the fit, between two blocks of rows.</param>
    /// <exception cref="InvalidTrainingDataException">The data cannot be learnt from: counts differ, no rows, one class, a class without rows, a number that is not finite; the message tells which.</exception>
    /// <exception cref="ArgumentException">The start has other classes or another dimension.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static FitResult Fit(
        FeatureMatrix features,
        LabelVector labels,
        FitOptions? options = null,
        LinearClassifier? start = null,
        IProgress<FitProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new FitOptions();
        using TrainingSet set = TrainingSet.Create(features, labels, options.Threads, cancellationToken);
        return Fit(set, options, start, progress, cancellationToken);
    }

    /// <summary><see cref="Fit(FeatureMatrix, LabelVector, FitOptions?, LinearClassifier?, IProgress{FitProgress}?, CancellationToken)"/> on the thread pool.</summary>
    /// <param name="features">Float32, <c>[n, d]</c>; all finite.</param>
    /// <param name="labels">The class of every row; at least two classes, each with a row.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="start">A classifier of the same classes and dimension to start from, null for none. It changes the time, not the optimum.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Ends the fit, between two blocks of rows.</param>
    /// <exception cref="InvalidTrainingDataException">The data cannot be learnt from.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Task<FitResult> FitAsync(
        FeatureMatrix features,
        LabelVector labels,
        FitOptions? options = null,
        LinearClassifier? start = null,
        IProgress<FitProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Fit(features, labels, options, start, progress, cancellationToken), cancellationToken);

    /// <summary>Fits on data that were checked.</summary>
    internal static FitResult Fit(TrainingSet set, FitOptions options, LinearClassifier? start, IProgress<FitProgress>? progress, CancellationToken cancellationToken)
    {
        using Minimizer minimizer = new(set, options, progress, cancellationToken);
        return minimizer.Run(start);
    }
}
