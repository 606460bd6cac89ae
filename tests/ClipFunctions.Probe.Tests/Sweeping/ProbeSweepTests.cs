using ClipFunctions.Probe.Features;
using ClipFunctions.Probe.Fitting;
using ClipFunctions.Probe.Labels;
using ClipFunctions.Probe.Sweeping;

namespace ClipFunctions.Probe.Tests.Sweeping;

public sealed class ProbeSweepTests
{
    private static readonly double[] Grid = [.. Enumerable.Range(0, 97).Select(i => Math.Pow(10, -6 + (i / 8.0)))];

    [Theory]
    [InlineData(SweepCriterion.Accuracy, 3)]
    [InlineData(SweepCriterion.MeanPerClass, 3)]
    [InlineData(SweepCriterion.Accuracy, 2)]
    public void CoarseToFinePicksWhatTryingEveryValuePicks(SweepCriterion criterion, int classes)
    {
        (FeatureMatrix train, LabelVector trainLabels, FeatureMatrix validation, LabelVector validationLabels) = Halves(60, 400, 30, classes);
        SweepOptions options = new() { Criterion = criterion };
        SweepResult searched = ProbeSweep.Run(train, trainLabels, validation, validationLabels, options, cancellationToken: TestContext.Current.CancellationToken);
        SweepResult all = ProbeSweep.Run(train, trainLabels, validation, validationLabels, options with { Values = Grid }, cancellationToken: TestContext.Current.CancellationToken);
        double Criterion(SweepPoint point) => criterion == SweepCriterion.Accuracy ? point.Accuracy : point.MeanPerClass;

        Assert.Equal(97, all.Points.Count);
        Assert.Equal(all.Points.First(point => Criterion(point) == all.Points.Max(Criterion)).C, all.BestC);
        Assert.InRange(searched.Points.Count, 8, 15);
        Assert.Equal(searched.Points.Select(point => point.C).Order(), searched.Points.Select(point => point.C));
        Assert.Equal(all.Points.Max(Criterion), searched.Points.Max(Criterion), 0.0051);
        Assert.Equal(searched.Points.First(point => Criterion(point) == searched.Points.Max(Criterion)).C, searched.BestC);
        Assert.True(searched.Points.Max(Criterion) > searched.Points[0].Accuracy, "The data need no search.");
    }

    [Fact]
    public void EveryPointIsThatOfAFitOfItsOwn()
    {
        (FeatureMatrix train, LabelVector trainLabels, FeatureMatrix validation, LabelVector validationLabels) = Halves(150, 100, 12, 4);
        SweepOptions options = new() { Values = [10, 0.1, 0.001, 0.1], Tolerance = 1e-9, Fit = new FitOptions { C = 77, Threads = 2 } };
        List<SweepProgress> told = [];
        SweepResult result = ProbeSweep.Run(train, trainLabels, validation, validationLabels, options, new Reporter(told), TestContext.Current.CancellationToken);
        Assert.Equal([0.001, 0.1, 10], result.Points.Select(point => point.C));
        foreach (SweepPoint point in result.Points)
        {
            FitResult own = LogisticRegression.Fit(train, trainLabels, new FitOptions { C = point.C }, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(own.Report.Objective, point.Report.Objective, 1e-7 * own.Report.Objective);
            int[] predictions = own.Classifier.Predict(validation);
            Assert.Equal(Enumerable.Range(0, 100).Count(row => predictions[row] == validationLabels.Indices[row]) / 100.0, point.Accuracy, 0.0101);
            double loss = Enumerable.Range(0, 100).Average(row => -Math.Log(own.Classifier.PredictProbability(validation)[row][validationLabels.Indices[row]]));
            Assert.Equal(loss, point.LogLoss, 1e-3);
        }

        using FeatureMatrix both = FeatureMatrix.Concatenate(train, validation);
        FitResult last = LogisticRegression.Fit(both, LabelVector.Concatenate(trainLabels, validationLabels), new FitOptions { C = result.BestC }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(last.Report.Objective, result.Fit.Report.Objective, 1e-7 * last.Report.Objective);
        Assert.Equal(result.BestC, result.Fit.Report.C);
        Assert.All(told, progress => Assert.Equal(4, progress.MostFits));
        Assert.Equal([0, 1, 2, 3], told.Select(progress => progress.Finished).Distinct());
    }

    [Fact]
    public void TheSameSearchGivesTheSameBits()
    {
        (FeatureMatrix train, LabelVector trainLabels, FeatureMatrix validation, LabelVector validationLabels) = Halves(900, 100, 12, 4);
        double[][] weights = [.. ((int[])[1, 2, 5]).Select(threads => ProbeSweep.Run(
            train, trainLabels, validation, validationLabels, new SweepOptions { Fit = new FitOptions { Threads = threads } }).Fit.Classifier.Weights.ToArray())];
        Assert.Equal(weights[0], weights[1]);
        Assert.Equal(weights[0], weights[2]);
    }

    [Fact]
    public void SplitsThatDoNotFitAreRefused()
    {
        (FeatureMatrix train, LabelVector labels) = SampleFeatures.Matrix(20, 3, 2, 1);
        FeatureMatrix wide = FeatureMatrix.FromMemory(new float[80], 20, 4);
        Assert.Contains("no validation rows", Refusal(FeatureMatrix.FromMemory(Array.Empty<float>(), 0, 3), LabelVector.FromIndices([], labels.Classes)), StringComparison.Ordinal);
        Assert.Contains("4 numbers a row", Refusal(wide, labels), StringComparison.Ordinal);
        Assert.Contains("other classes", Refusal(train, LabelVector.FromIndices(labels.Indices, ["1", "0"])), StringComparison.Ordinal);
        Assert.Contains("19 labels", Refusal(train, LabelVector.FromIndices(labels.Indices[1..], labels.Classes)), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SweepOptions { Values = [1, 0] });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SweepOptions { Values = [] });
        string Refusal(FeatureMatrix validation, LabelVector validationLabels) =>
            Assert.Throws<InvalidTrainingDataException>(() => ProbeSweep.Run(train, labels, validation, validationLabels)).Message;
    }

    [Fact]
    public async Task CancellingEndsTheSearchInItsMidst()
    {
        (FeatureMatrix train, LabelVector trainLabels, FeatureMatrix validation, LabelVector validationLabels) = Halves(300, 100, 20, 4);
        using CancellationTokenSource source = new();
        List<SweepProgress> told = [];
        Reporter reporter = new(told, () =>
        {
            if (told[^1].Finished == 2)
            {
                source.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ProbeSweep.RunAsync(train, trainLabels, validation, validationLabels, null, reporter, source.Token));
        Assert.Equal(2, told[^1].Finished);
    }

    private static (FeatureMatrix Train, LabelVector TrainLabels, FeatureMatrix Validation, LabelVector ValidationLabels) Halves(int train, int validation, int dimension, int classes)
    {
        (FeatureMatrix all, LabelVector labels) = SampleFeatures.Matrix(train + validation, dimension, classes, separation: 0.5, seed: 4);
        int[] rows = [.. Enumerable.Range(0, train + validation)];
        return (all.Select(rows.AsMemory(0, train)), labels.Select(rows.AsSpan(0, train)), all.Select(rows.AsMemory(train)), labels.Select(rows.AsSpan(train)));
    }

    private sealed class Reporter(List<SweepProgress> told, Action? then = null) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            told.Add(value);
            then?.Invoke();
        }
    }
}
