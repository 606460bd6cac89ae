using System.Globalization;
using ClipFunctions.Probe.Labels;

namespace ClipFunctions.Probe.Metrics;

/// <summary>How good a classifier's scores are, whatever made them: a linear probe or a zero-shot head.</summary>
public sealed record ClassificationMetrics
{
    private const int TopFive = 5;

    private ClassificationMetrics()
    {
    }

    /// <summary>How many rows were scored.</summary>
    public required int Rows { get; init; }

    /// <summary>The share of rows whose class has the largest score.</summary>
    public required ConfidenceInterval Top1 { get; init; }

    /// <summary>The share of rows whose class is among the five largest scores; 1 with five classes or fewer.</summary>
    public required ConfidenceInterval Top5 { get; init; }

    /// <summary>The mean of the classes' recalls; classes without rows are left out.</summary>
    public required ConfidenceInterval MeanPerClass { get; init; }

    /// <summary>The expected calibration error: the bins' |accuracy − confidence|, weighted by their rows.</summary>
    public required double CalibrationError { get; init; }

    /// <summary>The reliability diagram's bins, from 0 to 1.</summary>
    public required IReadOnlyList<ReliabilityBin> Reliability { get; init; }

    /// <summary>The classes, in their own order.</summary>
    public required IReadOnlyList<ClassMetrics> PerClass { get; init; }

    /// <summary>The pairs of classes that were confused most often, most rows first, then in the classes' order.</summary>
    public required IReadOnlyList<ClassConfusion> WorstConfusions { get; init; }

    /// <summary>All counts.</summary>
    public required ConfusionMatrix Confusion { get; init; }

    /// <summary>Computes all.</summary>
    /// <param name="scores">Finite scores, <c>[n, classes]</c>, at least one row. Of equal scores the first counts as larger.</param>
    /// <param name="labels">The class of every row.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the computation.</param>
    /// <exception cref="ArgumentException">The counts do not fit, there are no rows, a score is not finite or no probability; the message tells where.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ClassificationMetrics Compute(ScoreMatrix scores, LabelVector labels, MetricsOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(labels);
        options ??= new MetricsOptions();
        Check(scores, labels, options.ScoreKind);
        (int rows, int classes) = (scores.Rows, scores.Columns);
        int[] counts = new int[checked(classes * classes)];
        bool[] first = new bool[rows];
        bool[] amongFive = new bool[rows];
        double[] confidences = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<float> one = scores[row];
            int label = labels.Indices[row];
            (int best, int rank) = Rank(one, label);
            counts[(label * classes) + best]++;
            first[row] = best == label;
            amongFive[row] = rank < TopFive;
            confidences[row] = options.ScoreKind == ScoreKind.Probabilities ? one[best] : Confidence(one, one[best]);
        }

        ConfusionMatrix confusion = new(counts, classes);
        ReliabilityBin[] reliability = Bin(confidences, first, options.Bins);
        Bootstrap bootstrap = Bootstrap.Run(labels, first, amongFive, options, cancellationToken);
        return new ClassificationMetrics
        {
            Rows = rows,
            Top1 = bootstrap.Top1,
            Top5 = bootstrap.Top5,
            MeanPerClass = bootstrap.MeanPerClass,
            CalibrationError = reliability.Sum(bin => bin.Count * Math.Abs(bin.Accuracy - bin.Confidence)) / rows,
            Reliability = reliability,
            PerClass = Table(confusion, labels.Classes),
            WorstConfusions = Worst(confusion, labels.Classes, options.WorstConfusions),
            Confusion = confusion,
        };
    }

    private static void Check(ScoreMatrix scores, LabelVector labels, ScoreKind kind)
    {
        if (scores.Rows != labels.Count || scores.Columns != labels.Classes.Count)
        {
            throw new ArgumentException(
                Text($"The scores are of {scores.Rows} rows and {scores.Columns} classes, the labels of {labels.Count} rows and {labels.Classes.Count} classes."), nameof(labels));
        }

        if (scores.Rows == 0)
        {
            throw new ArgumentException("There are no rows.", nameof(scores));
        }

        ReadOnlySpan<float> values = scores.Values.Span;
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]) || (kind == ScoreKind.Probabilities && values[i] is < 0 or > 1))
            {
                throw new ArgumentException(
                    Text($"The score of row {i / scores.Columns}, class {i % scores.Columns} is {values[i]}; {(kind == ScoreKind.Probabilities ? "a number from 0 to 1" : "a finite number")} is expected."), nameof(scores));
            }
        }
    }

    private static (int Best, int Rank) Rank(ReadOnlySpan<float> scores, int label)
    {
        int best = 0, rank = 0;
        float own = scores[label];
        for (int i = 0; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
            rank += scores[i] > own || (scores[i] == own && i < label) ? 1 : 0;
        }

        return (best, rank);
    }

    private static double Confidence(ReadOnlySpan<float> scores, float largest)
    {
        double sum = 0;
        foreach (float score in scores)
        {
            sum += Math.Exp((double)score - largest);
        }

        return 1 / sum;
    }

    private static ReliabilityBin[] Bin(double[] confidences, bool[] right, int count)
    {
        int[] rows = new int[count];
        int[] hits = new int[count];
        double[] sums = new double[count];
        for (int row = 0; row < confidences.Length; row++)
        {
            double confidence = confidences[row];
            int bin = Math.Clamp((int)Math.Ceiling(confidence * count) - 1, 0, count - 1);
            rows[bin]++;
            hits[bin] += right[row] ? 1 : 0;
            sums[bin] += confidence;
        }

        return
        [
            .. Enumerable.Range(0, count).Select(bin => new ReliabilityBin(
                (double)bin / count, (bin + 1.0) / count, rows[bin], rows[bin] == 0 ? 0 : (double)hits[bin] / rows[bin], rows[bin] == 0 ? 0 : sums[bin] / rows[bin])),
        ];
    }

    private static ClassMetrics[] Table(ConfusionMatrix confusion, IReadOnlyList<string> names)
    {
        int classes = confusion.Classes;
        int[] predicted = new int[classes];
        int[] actual = new int[classes];
        for (int i = 0; i < classes; i++)
        {
            for (int j = 0; j < classes; j++)
            {
                actual[i] += confusion[i, j];
                predicted[j] += confusion[i, j];
            }
        }

        return
        [
            .. Enumerable.Range(0, classes).Select(i => new ClassMetrics(
                names[i], actual[i], predicted[i], Share(confusion[i, i], predicted[i]), Share(confusion[i, i], actual[i]), Share(2 * confusion[i, i], actual[i] + predicted[i]))),
        ];
    }

    private static List<ClassConfusion> Worst(ConfusionMatrix confusion, IReadOnlyList<string> names, int most)
    {
        List<(int Count, int Actual, int Predicted)> pairs = [];
        for (int i = 0; i < confusion.Classes; i++)
        {
            for (int j = 0; j < confusion.Classes; j++)
            {
                if (i != j && confusion[i, j] > 0)
                {
                    pairs.Add((confusion[i, j], i, j));
                }
            }
        }

        List<ClassConfusion> worst = [];
        foreach ((int count, int actual, int predicted) in pairs.OrderByDescending(pair => pair.Count).Take(most))
        {
            int rows = 0;
            foreach (int taken in confusion[actual])
            {
                rows += taken;
            }

            worst.Add(new ClassConfusion(names[actual], names[predicted], count, (double)count / rows));
        }

        return worst;
    }

    private static double Share(int part, int whole) => whole == 0 ? 0 : (double)part / whole;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
