using System.Globalization;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Fitting;
using ClipFunctions.Probe.Labels;
using ClipFunctions.Probe.Reports;

namespace ClipFunctions.Evaluation;

/// <summary>
/// The CLIP paper's search (appendix A.3) for C: from 1e-6 to 1e6 in steps of 100, then around the best one in halved steps until there are eight
/// a decade; the best by validation accuracy, of equal ones the smaller.
/// </summary>
internal static class RegularizationSearch
{
    private const double Lowest = -6;
    private const double Highest = 6;
    private const double FirstStep = 2;
    private const double LastStep = 0.125;

    /// <summary>The C's that were tried, ascending, and the best.</summary>
    public static (double Best, IReadOnlyList<ReportSweepPoint> Points) Run(
        FeatureMatrix train,
        LabelVector trainLabels,
        FeatureMatrix validation,
        int[] validationLabels,
        IProgress<string>? progress,
        CancellationToken cancellationToken)
    {
        SortedDictionary<double, double> accuracies = [];
        Dictionary<double, LinearClassifier> classifiers = [];
        for (double exponent = Lowest; exponent <= Highest; exponent += FirstStep)
        {
            Try(exponent);
        }

        for (double step = FirstStep / 2; step >= LastStep; step /= 2)
        {
            double around = Best();
            foreach (double exponent in (double[])[around - step, around + step])
            {
                if (exponent is >= Lowest and <= Highest && !accuracies.ContainsKey(exponent))
                {
                    Try(exponent);
                }
            }
        }

        return (Math.Pow(10, Best()), [.. accuracies.Select(entry => new ReportSweepPoint { C = Math.Pow(10, entry.Key), Accuracy = entry.Value })]);

        double Best() => accuracies.MaxBy(entry => entry.Value).Key;

        void Try(double exponent)
        {
            progress?.Report(string.Create(CultureInfo.InvariantCulture, $"searching C: {Math.Pow(10, exponent):G4}, {accuracies.Count} tried"));
            LinearClassifier? start = classifiers.Count == 0 ? null : classifiers.MinBy(entry => Math.Abs(entry.Key - exponent)).Value;
            FitResult fit = LogisticRegression.Fit(train, trainLabels, new FitOptions { C = Math.Pow(10, exponent), Tolerance = 1e-7 }, start, null, cancellationToken);
            int[] predicted = fit.Classifier.Predict(validation);
            classifiers[exponent] = fit.Classifier;
            accuracies[exponent] = predicted.Where((label, row) => label == validationLabels[row]).Count() / (double)predicted.Length;
        }
    }
}
