using System.Runtime.InteropServices;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Fitting;
using ClipFunctions.Probe.Labels;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Fitting;

public sealed class LogisticRegressionTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void SmallFitsReachNewtonsOptimumForAnyC(int classes)
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(60, 4, classes, separation: 0.8);
        foreach (double c in (double[])[1e-8, 1e-4, 0.01, 0.316, 1, 10, 1000, 1e6])
        {
            AssertOptimal(Fit(features, labels, c), features, labels, c);
        }
    }

    [Fact]
    public void AnySmallDataReachNewtonsOptimum() =>
        Gen.Select(Gen.Int[2, 4], Gen.Int[1, 5], Gen.Int[0, 30], Gen.Double[-4, 2], Gen.Double[0, 3], Gen.Int[0, 1000]).Sample(
            (classes, dimension, more, exponent, separation, seed) =>
            {
                (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(classes + more, dimension, classes, separation, seed);
                double c = Math.Pow(10, exponent);
                AssertOptimal(Fit(features, labels, c), features, labels, c);
            },
            iter: 200);

    [Theory]
    [InlineData(4, 2, 32, 2.958211629311353, 409, 1e4)]
    [InlineData(3, 5, 27, 1, 795, 7930)]
    [InlineData(4, 5, 9, 0, 834, 7841)]
    [InlineData(4, 2, 24, 2.1077577216307075, 140, 1e4)]
    public void WhereFloat32EndsBeforeTheOptimumTheFitEndsSoonAndItsBoundHolds(int classes, int dimension, int rows, double separation, int seed, double c)
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(rows, dimension, classes, separation, seed);
        FitResult fit = Fit(features, labels, c);
        double optimum = PlainObjective.Value(PlainOptimum.Find(features, labels, c), features, labels, c);
        double gap = (PlainObjective.Value(fit.Classifier, features, labels, c) / optimum) - 1;
        Assert.NotEqual(FitOutcome.IterationLimit, fit.Report.Outcome);
        Assert.InRange(fit.Report.Evaluations, 1, 1000);
        Assert.InRange(gap, -1e-9, 1e-3);
        Assert.True(gap <= fit.Report.RelativeGapBound, $"{gap} above the optimum; {fit.Report}");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void SeparableDataAreFittedToTheOptimumAndAllRight(int classes)
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(80, 4, classes, separation: 12);
        foreach (double c in (double[])[0.316, 100, 1e5])
        {
            FitResult fit = Fit(features, labels, c);
            AssertOptimal(fit, features, labels, c);
            Assert.Equal(labels.Indices, fit.Classifier.Predict(features));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void ConstantAndDuplicateColumnsAreHarmless(int classes)
    {
        (float[] values, int[] labels) = SampleFeatures.Make(70, 3, classes, separation: 1);
        float[] wide = new float[70 * 6];
        for (int row = 0; row < 70; row++)
        {
            values.AsSpan(row * 3, 3).CopyTo(wide.AsSpan(row * 6));
            (wide[(row * 6) + 3], wide[(row * 6) + 4], wide[(row * 6) + 5]) = (1000, values[row * 3], 0);
        }

        FeatureMatrix features = FeatureMatrix.FromMemory(wide, 70, 6);
        LabelVector names = LabelVector.From(labels);
        foreach (double c in (double[])[0.01, 1, 1e4])
        {
            FitResult fit = Fit(features, names, c);
            AssertOptimal(fit, features, names, c);
            ReadOnlySpan<double> weights = fit.Classifier.Weights.Span;
            for (int output = 0; output < fit.Classifier.Outputs; output++)
            {
                // By symmetry and because whatever a constant does the free intercept does.
                Assert.Equal(weights[output * 6], weights[(output * 6) + 4], 1e-3 * (1 + Math.Abs(weights[output * 6])));
                Assert.Equal(0, weights[(output * 6) + 3], 1e-9);
                Assert.Equal(0, weights[(output * 6) + 5], 1e-9);
            }
        }
    }

    [Fact]
    public void AllRowsTheSameGiveTheClassesShares()
    {
        FeatureMatrix features = FeatureMatrix.FromMemory(Enumerable.Repeat(3f, 40).ToArray(), 20, 2);
        LabelVector labels = LabelVector.From([.. Enumerable.Range(0, 20).Select(row => row < 12 ? 0 : row < 18 ? 1 : 2)]);
        FitResult fit = Fit(features, labels, 10);
        Assert.All(fit.Classifier.Weights.ToArray(), weight => Assert.Equal(0, weight, 1e-12));
        ReadOnlySpan<float> probabilities = fit.Classifier.PredictProbability(features)[7];
        Assert.Equal(0.6, probabilities[0], 1e-6);
        Assert.Equal(0.3, probabilities[1], 1e-6);
        Assert.Equal(0.1, probabilities[2], 1e-6);
    }

    [Theory]
    [InlineData(12, 300, 3)]
    [InlineData(9, 700, 2)]
    [InlineData(40, 512, 20)]
    public void FewerRowsThanFeaturesReachTheOptimum(int rows, int dimension, int classes)
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(rows, dimension, classes, separation: 0.3);
        foreach (double c in (double[])[0.01, 1, 100])
        {
            // The certificate is the looser the larger C is; the fit is not.
            AssertCertified(Fit(features, labels, c), features, labels, c, c > 1 ? 1e-5 : 1e-6);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(100)]
    public void WidthsThatFillNoVectorReachTheOptimum(int dimension)
    {
        foreach (int classes in (int[])[2, 3, 10, 17, 33])
        {
            (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(121 + dimension, dimension, classes, separation: 1);
            AssertCertified(Fit(features, labels, 0.5), features, labels, 0.5);
        }
    }

    [Fact]
    public void TinyAndLargeFeaturesReachTheOptimum()
    {
        (float[] values, int[] labels) = SampleFeatures.Make(60, 4, 3, separation: 1);
        LabelVector names = LabelVector.From(labels);
        foreach (float scale in (float[])[1e-20f, 1e-3f, 1e4f])
        {
            FeatureMatrix features = FeatureMatrix.FromMemory(values.Select(value => scale * value).ToArray(), 60, 4);
            AssertOptimal(Fit(features, names, 1), features, names, 1);
        }
    }

    [Theory]
    [InlineData(1e25f, 1)]
    [InlineData(1, 1e300)]
    [InlineData(3e38f, 1)]
    public void NumbersBeyondFloat32AreToldNotTried(float scale, double c)
    {
        FeatureMatrix features = FeatureMatrix.FromMemory((float[])[1 * scale, -1 * scale, 0.5f * scale, 1 * scale], 4, 1);
        InvalidTrainingDataException exception = Assert.Throws<InvalidTrainingDataException>(() => Fit(features, LabelVector.From([0, 1, 0, 1]), c));
        Assert.Contains("too large", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void ANumberThatIsNotFiniteIsNamedWithItsPlace(float bad)
    {
        (float[] values, int[] labels) = SampleFeatures.Make(1000, 5, 3, separation: 1);
        values[(777 * 5) + 3] = bad;
        InvalidTrainingDataException exception = Assert.Throws<InvalidTrainingDataException>(() => Fit(FeatureMatrix.FromMemory(values, 1000, 5), LabelVector.From(labels), 1));
        Assert.Contains("Row 777", exception.Message, StringComparison.Ordinal);
        Assert.Contains("column 3", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DataThatTeachNothingAreRefusedWithTheReason()
    {
        FeatureMatrix two = FeatureMatrix.FromMemory(new float[4], 2, 2);
        Assert.Contains("one class only, 'cat'", Refusal(two, LabelVector.From(["cat", "cat"])), StringComparison.Ordinal);
        Assert.Contains("2 rows of features, but 3 labels", Refusal(two, LabelVector.From([0, 1, 1])), StringComparison.Ordinal);
        Assert.Contains("Class 'dog' has no rows", Refusal(two, LabelVector.FromIndices([0, 2], ["cat", "dog", "owl"])), StringComparison.Ordinal);
        Assert.Contains("nor have 2 others", Refusal(two, LabelVector.FromIndices([0, 0], ["cat", "dog", "owl", "emu"])), StringComparison.Ordinal);
        Assert.Contains("no rows", Refusal(FeatureMatrix.FromMemory(Array.Empty<float>(), 0, 2), LabelVector.FromIndices([], ["cat", "dog"])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void OptionsOutOfRangeAreRefused(double value)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { C = value });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { Tolerance = value });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { MaxIterations = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { Threads = -1 });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void TheBitsDependOnNoThreads(int classes)
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(5000, 48, classes, separation: 0.5);
        byte[][] files = [.. ((int[])[1, 2, 3, 8, 0, 1]).Select(threads => Saved(Fit(features, labels, new FitOptions { C = 0.3, Threads = threads })))];
        Assert.All(files, file => Assert.Equal(files[0], file));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void AMappedFileGivesTheBitsOfMemory(int classes)
    {
        (float[] values, int[] labels) = SampleFeatures.Make(3001, 40, classes, separation: 0.5);
        LabelVector names = LabelVector.From(labels);
        FeatureMatrix memory = FeatureMatrix.FromMemory(values, 3001, 40);
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(path, TestNpy.File("<f4", "3001, 40", MemoryMarshal.AsBytes<float>(values)));
            using FeatureMatrix mapped = FeatureMatrix.OpenNpy(path);
            byte[] expected = Saved(Fit(memory, names, 0.3));
            Assert.Equal(expected, Saved(Fit(mapped, names, 0.3)));

            // So do rows put together from parts, some of them chosen one by one.
            int[] rows = [.. Enumerable.Range(0, 3001)];
            using FeatureMatrix parts = FeatureMatrix.Concatenate(mapped.Select(rows.AsMemory(0, 1013)), memory.Select(ReadOnlyMemory<int>.Empty), memory.Select(rows.AsMemory(1013, 7)), mapped.Select(rows.AsMemory(1020)));
            Assert.Equal(expected, Saved(Fit(parts, names, 0.3)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public void AWarmStartReachesTheSameOptimumSooner(int classes)
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(2000, 64, classes, separation: 0.4);
        FitResult cold = Fit(features, labels, 0.5);
        FitResult warm = Fit(features, labels, 0.5, Fit(features, labels, 0.4).Classifier);
        FitResult again = Fit(features, labels, 0.5, cold.Classifier);
        double optimum = Value(cold.Classifier);
        Assert.Equal(optimum, Value(warm.Classifier), 1e-7 * optimum);
        Assert.True(warm.Report.Evaluations < cold.Report.Evaluations, $"{warm.Report.Evaluations} evaluations from a near start, {cold.Report.Evaluations} from none.");
        Assert.InRange(again.Report.Iterations, 0, 2);
        LinearClassifier far = LinearClassifier.Create(
            cold.Classifier.Weights.ToArray().Select(weight => -20 * weight).ToArray(), cold.Classifier.Intercepts.ToArray().Select(b => b + 5).ToArray(), labels.Classes);
        Assert.Equal(optimum, Value(Fit(features, labels, 0.5, far).Classifier), 1e-7 * optimum);
        double Value(LinearClassifier classifier) => PlainObjective.Value(classifier, features, labels, 0.5);
    }

    [Fact]
    public void AStartOfOtherClassesOrWidthIsRefused()
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(50, 4, 3, separation: 1);
        LinearClassifier start = Fit(features, labels, 1).Classifier;
        LinearClassifier others = LinearClassifier.Create(start.Weights.Span, start.Intercepts.Span, ["1", "0", "2"]);
        LinearClassifier wider = LinearClassifier.Create(new double[15], new double[3], labels.Classes);
        Assert.Throws<ArgumentException>(() => Fit(features, labels, 1, others));
        Assert.Throws<ArgumentException>(() => Fit(features, labels, 1, wider));
    }

    [Fact]
    public async Task CancellingInMidFitEndsItAndLeavesTheFeaturesUsable()
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(4000, 64, 10, separation: 0.2);
        using CancellationTokenSource source = new();
        int last = 0;
        Reporter reporter = new(progress =>
        {
            last = progress.Iterations;
            if (progress.Iterations == 3)
            {
                source.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LogisticRegression.FitAsync(features, labels, new FitOptions { C = 10 }, progress: reporter, cancellationToken: source.Token));
        Assert.Equal(3, last);
        Assert.Equal(FitOutcome.Converged, Fit(features, labels, 0.1).Report.Outcome);
        using CancellationTokenSource before = new();
        await before.CancelAsync();
        Assert.ThrowsAny<OperationCanceledException>(() => LogisticRegression.Fit(features, labels, cancellationToken: before.Token));
    }

    [Fact]
    public void ProgressTellsOfEveryStepAndTheObjectiveNeverRisesByMoreThanRoundOff()
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(2000, 32, 5, separation: 0.3);
        List<FitProgress> told = [];
        FitReport report = Fit(features, labels, 1, progress: new Reporter(told.Add)).Report;
        Assert.Equal(Enumerable.Range(0, report.Iterations + 1), told.Select(progress => progress.Iterations));
        Assert.Equal(report.Objective, told[^1].Objective);
        Assert.True(told[^1].RelativeGapEstimate <= 1e-9);
        Assert.All(told.Zip(told.Skip(1)), pair => Assert.True(pair.Second.Objective <= pair.First.Objective * (1 + 1e-6)));
    }

    [Fact]
    public void TheLimitOfIterationsIsKeptAndTold()
    {
        (FeatureMatrix features, LabelVector labels) = SampleFeatures.Matrix(1000, 32, 5, separation: 0.3);
        FitReport report = Fit(features, labels, new FitOptions { C = 10, MaxIterations = 2 }).Report;
        Assert.Equal((FitOutcome.IterationLimit, 2), (report.Outcome, report.Iterations));
        Assert.True(report.RelativeGapBound > 1e-9);
    }

    private static FitResult Fit(FeatureMatrix features, LabelVector labels, double c, LinearClassifier? start = null, IProgress<FitProgress>? progress = null) =>
        Fit(features, labels, new FitOptions { C = c }, start, progress);

    private static FitResult Fit(FeatureMatrix features, LabelVector labels, FitOptions options, LinearClassifier? start = null, IProgress<FitProgress>? progress = null) =>
        LogisticRegression.Fit(features, labels, options, start, progress, TestContext.Current.CancellationToken);

    private static string Refusal(FeatureMatrix features, LabelVector labels) => Assert.Throws<InvalidTrainingDataException>(() => Fit(features, labels, 1)).Message;

    private static byte[] Saved(FitResult fit)
    {
        using MemoryStream stream = new();
        fit.Classifier.Save(stream);
        return stream.ToArray();
    }

    private static void AssertOptimal(FitResult fit, FeatureMatrix features, LabelVector labels, double c)
    {
        double optimum = PlainObjective.Value(PlainOptimum.Find(features, labels, c), features, labels, c);
        double objective = PlainObjective.Value(fit.Classifier, features, labels, c);
        Assert.True(objective <= optimum * (1 + 1e-6), $"C = {c}: {objective}, but {optimum} is possible; {fit.Report}");
        Assert.True(objective >= optimum * (1 - 1e-9), $"C = {c}: {objective} lies below the optimum {optimum}.");
    }

    /// <summary>Where Newton's method is too slow: by the strong convexity, from the gradient in double.</summary>
    private static void AssertCertified(FitResult fit, FeatureMatrix features, LabelVector labels, double c, double most = 1e-6)
    {
        double[] gradient = PlainObjective.Gradient(fit.Classifier, features, labels, c);
        int weights = fit.Classifier.Weights.Length;
        double objective = PlainObjective.Value(fit.Classifier, features, labels, c);
        double gap = 0.5 * gradient.Take(weights).Sum(g => g * g) / objective;
        Assert.True(gap <= most, $"C = {c}: up to {gap} above the optimum; {fit.Report}");
        Assert.True(gradient.Skip(weights).All(g => Math.Abs(g) <= 1e-3 * c * Math.Sqrt(features.Count)), $"C = {c}: an intercept is not at its best; {fit.Report}");
        Assert.Equal(objective, fit.Report.Objective, 1e-6 * objective);
    }

    private sealed class Reporter(Action<FitProgress> report) : IProgress<FitProgress>
    {
        public void Report(FitProgress value) => report(value);
    }
}
