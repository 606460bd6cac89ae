using ClipFunctions.Probe.Labels;
using ClipFunctions.Probe.Metrics;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Metrics;

public sealed class ClassificationMetricsTests
{
    // Few values, so that scores are often equal.
    private static readonly Gen<(float[] Scores, int[] Labels, int Classes)> Scored =
        from classes in Gen.Int[1, 9]
        from rows in Gen.Int[1, 40]
        from scores in Gen.Int[0, 12].Select(value => value / 4f).Array[rows * classes]
        from labels in Gen.Int[0, classes - 1].Array[rows]
        select (scores, labels, classes);

    [Fact]
    public void EveryFigureIsThatOfPlainLoops() => Scored.Sample(
        one =>
        {
            (float[] scores, int[] labels, int k) = one;
            int n = labels.Length;
            ClassificationMetrics metrics = Compute(scores, labels, k, new MetricsOptions { BootstrapSamples = 20, Bins = 7, WorstConfusions = 5 });
            int[][] order = [.. Enumerable.Range(0, n).Select(row => Enumerable.Range(0, k).OrderByDescending(c => scores[(row * k) + c]).ThenBy(c => c).ToArray())];
            int[] predicted = [.. order.Select(row => row[0])];
            Assert.Equal(n, metrics.Rows);
            Assert.Equal(Enumerable.Range(0, n).Count(row => predicted[row] == labels[row]) / (double)n, metrics.Top1.Value, 1e-12);
            Assert.Equal(Enumerable.Range(0, n).Count(row => order[row].Take(5).Contains(labels[row])) / (double)n, metrics.Top5.Value, 1e-12);
            Assert.Equal(
                labels.Distinct().Average(c => Enumerable.Range(0, n).Where(row => labels[row] == c).Average(row => predicted[row] == c ? 1.0 : 0.0)),
                metrics.MeanPerClass.Value,
                1e-12);
            for (int actual = 0; actual < k; actual++)
            {
                for (int taken = 0; taken < k; taken++)
                {
                    Assert.Equal(Enumerable.Range(0, n).Count(row => labels[row] == actual && predicted[row] == taken), metrics.Confusion[actual, taken]);
                }

                int hits = metrics.Confusion[actual, actual], count = labels.Count(c => c == actual), times = predicted.Count(c => c == actual);
                double precision = times == 0 ? 0 : hits / (double)times, recall = count == 0 ? 0 : hits / (double)count;
                ClassMetrics own = metrics.PerClass[actual];
                Assert.Equal(($"class {actual}", count, times), (own.Name, own.Count, own.Predicted));
                Assert.Equal(precision, own.Precision, 1e-12);
                Assert.Equal(recall, own.Recall, 1e-12);
                Assert.Equal(precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall), own.F1, 1e-12);
            }

            double[] confidences = [.. Enumerable.Range(0, n).Select(row => 1 / Enumerable.Range(0, k).Sum(c => Math.Exp((double)scores[(row * k) + c] - scores[(row * k) + predicted[row]])))];
            double error = 0;
            for (int bin = 0; bin < 7; bin++)
            {
                int[] inside = [.. Enumerable.Range(0, n).Where(row => confidences[row] > bin / 7.0 && confidences[row] <= (bin + 1) / 7.0)];
                Assert.Equal(inside.Length, metrics.Reliability[bin].Count);
                if (inside.Length > 0)
                {
                    double accuracy = inside.Average(row => predicted[row] == labels[row] ? 1.0 : 0.0), confidence = inside.Average(row => confidences[row]);
                    Assert.Equal(accuracy, metrics.Reliability[bin].Accuracy, 1e-12);
                    Assert.Equal(confidence, metrics.Reliability[bin].Confidence, 1e-12);
                    error += inside.Length * Math.Abs(accuracy - confidence) / n;
                }
            }

            Assert.Equal(error, metrics.CalibrationError, 1e-12);
            IEnumerable<(string, string, int)> worst =
                from actual in Enumerable.Range(0, k)
                from taken in Enumerable.Range(0, k)
                where actual != taken && metrics.Confusion[actual, taken] > 0
                orderby metrics.Confusion[actual, taken] descending, actual, taken
                select ($"class {actual}", $"class {taken}", metrics.Confusion[actual, taken]);
            Assert.Equal(worst.Take(5), metrics.WorstConfusions.Select(pair => (pair.Actual, pair.Predicted, pair.Count)));
            Assert.All(metrics.WorstConfusions, pair => Assert.Equal(pair.Count / (double)labels.Count(c => $"class {c}" == pair.Actual), pair.Share, 1e-12));
        },
        iter: 500);

    [Fact]
    public void ProbabilitiesAreTakenAsTheyAre()
    {
        MetricsOptions options = new() { ScoreKind = ScoreKind.Probabilities, Bins = 10, BootstrapSamples = 10 };
        ClassificationMetrics metrics = Compute([0.95f, 0.9f, 0.2f, 0.65f], [0, 0], 2, options);
        Assert.Equal((1, 1.0, (double)0.95f), (metrics.Reliability[9].Count, metrics.Reliability[9].Accuracy, metrics.Reliability[9].Confidence));
        Assert.Equal((1, 0.0, (double)0.65f), (metrics.Reliability[6].Count, metrics.Reliability[6].Accuracy, metrics.Reliability[6].Confidence));
        Assert.Equal((0.05 + 0.65) / 2, metrics.CalibrationError, 1e-7);

        // A bin holds its upper end.
        ClassificationMetrics border = Compute([0.5f, 0, 0, 0], [0, 1], 2, options);
        Assert.Equal([1, 0, 0, 0, 1, 0], border.Reliability.Take(6).Select(bin => bin.Count));
    }

    [Fact]
    public void TheIntervalIsAsWideAsTheBinomialSays()
    {
        const int Rows = 2000;
        const double Share = 0.8;
        float[] scores = new float[Rows * 2];
        for (int row = 0; row < Rows; row++)
        {
            scores[(row * 2) + (row < Share * Rows ? 0 : 1)] = 1;
        }

        ClassificationMetrics metrics = Compute(scores, new int[Rows], 2, new MetricsOptions { BootstrapSamples = 4000 });
        double half = 1.96 * Math.Sqrt(Share * (1 - Share) / Rows);
        Assert.Equal(Share, metrics.Top1.Value, 1e-12);
        Assert.Equal(Share - half, metrics.Top1.Low, 0.15 * half);
        Assert.Equal(Share + half, metrics.Top1.High, 0.15 * half);
        Assert.Equal(new ConfidenceInterval(1, 1, 1), metrics.Top5);
        ClassificationMetrics narrow = Compute(scores, new int[Rows], 2, new MetricsOptions { BootstrapSamples = 4000, Confidence = 0.5 });
        Assert.Equal(0.6745 / 1.96 * half, narrow.Top1.High - Share, 0.15 * half);
    }

    [Fact]
    public void TheIntervalIsThatOfPlainResamplingOfTheSameRows() => Scored.Sample(
        one =>
        {
            (float[] scores, int[] labels, int k) = one;
            const int Samples = 25;
            ClassificationMetrics metrics = Compute(scores, labels, k, new MetricsOptions { BootstrapSamples = Samples, Seed = 3, Confidence = 0.8 });
            int n = labels.Length;
            int[] predicted = new ScoreMatrix(scores, n, k).ArgMax();
            List<double> shares = [], means = [];
            for (int sample = 0; sample < Samples; sample++)
            {
                ClipFunctions.Probe.Numerics.SplitMix random = new((3UL << 32) | (uint)sample);
                int[] rows = new int[n];
                for (int i = 0; i < n; i++)
                {
                    rows[i] = random.Below(n);
                }

                shares.Add(rows.Average(row => predicted[row] == labels[row] ? 1.0 : 0.0));
                means.Add(rows.GroupBy(row => labels[row]).Average(own => own.Average(row => predicted[row] == labels[row] ? 1.0 : 0.0)));
            }

            AssertInterval(shares, metrics.Top1);
            AssertInterval(means, metrics.MeanPerClass);
        },
        iter: 100);

    [Fact]
    public void TheSameSeedGivesTheSameIntervalsAndAnotherOthers()
    {
        (float[] _, int[] labels) = SampleFeatures.Make(500, 1, 4, 1);
        float[] scores = [.. Enumerable.Range(0, 2000).Select(i => (i * 7919 % 1009) / 1009f)];
        ConfidenceInterval[] Run(int seed)
        {
            ClassificationMetrics metrics = Compute(scores, labels, 4, new MetricsOptions { Seed = seed });
            return [metrics.Top1, metrics.Top5, metrics.MeanPerClass];
        }

        Assert.Equal(Run(5), Run(5));
        Assert.NotEqual(Run(5), Run(6));
    }

    [Fact]
    public void ScoresThatMeanNothingAreRefusedWithTheirPlace()
    {
        Assert.Contains("row 1, class 0 is NaN", Refusal([1, 2, float.NaN, 1], [0, 0]), StringComparison.Ordinal);
        Assert.Contains("row 0, class 1 is 1.5", Refusal([1, 1.5f], [0], new MetricsOptions { ScoreKind = ScoreKind.Probabilities }), StringComparison.Ordinal);
        Assert.Contains("1 rows and 2 classes", Refusal([1, 2], [0, 1]), StringComparison.Ordinal);
        Assert.Contains("no rows", Refusal([], []), StringComparison.Ordinal);
        string Refusal(float[] scores, int[] labels, MetricsOptions? options = null) => Assert.Throws<ArgumentException>(
            () => ClassificationMetrics.Compute(new ScoreMatrix(scores, scores.Length / 2, 2), LabelVector.FromIndices(labels, ["a", "b"]), options)).Message;
    }

    [Fact]
    public void ACancelledTokenEndsTheComputation()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => ClassificationMetrics.Compute(new ScoreMatrix([1, 2], 1, 2), LabelVector.FromIndices([0], ["a", "b"]), null, source.Token));
    }

    private static void AssertInterval(List<double> samples, ConfidenceInterval interval)
    {
        samples.Sort();

        // numpy.quantile of 25 samples at 0.1 and 0.9: between the third and fourth from either end.
        Assert.Equal((0.6 * samples[2]) + (0.4 * samples[3]), interval.Low, 1e-9);
        Assert.Equal((0.4 * samples[^4]) + (0.6 * samples[^3]), interval.High, 1e-9);
    }

    private static ClassificationMetrics Compute(float[] scores, int[] labels, int classes, MetricsOptions options) => ClassificationMetrics.Compute(
        new ScoreMatrix(scores, labels.Length, classes), LabelVector.FromIndices(labels, [.. Enumerable.Range(0, classes).Select(c => $"class {c}")]), options, TestContext.Current.CancellationToken);
}
