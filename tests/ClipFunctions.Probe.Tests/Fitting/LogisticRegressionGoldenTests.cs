using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Fitting;
using ClipFunctions.Probe.Metrics;
using ClipFunctions.Testing;

namespace ClipFunctions.Probe.Tests.Fitting;

/// <summary>Every set and C of the golden data in <c>probe/</c>, against the stored optimum.</summary>
[Trait("Category", GoldenData.Category)]
public sealed class LogisticRegressionGoldenTests
{
    private const double ObjectiveTolerance = 1e-6;
    private const double ProbabilityTolerance = 5e-3;
    private const double Agreement = 0.995;

    [Theory]
    [MemberData(nameof(ProbeGolden.Sets), MemberType = typeof(ProbeGolden))]
    public void FitsReachTheStoredOptimum(string set)
    {
        GoldenSet data = ProbeGolden.Read(set);
        using NpzFile solutions = NpzFile.Open(GoldenData.Require($"probe/{set}.golden.npz"));
        foreach (GoldenCase golden in data.Cases)
        {
            string shown = $"{set}, C = {golden.C}";
            FitResult fit = LogisticRegression.Fit(data.Train, data.TrainLabels, new FitOptions { C = golden.C }, cancellationToken: TestContext.Current.CancellationToken);
            LinearClassifier classifier = fit.Classifier;
            Assert.Equal(FitOutcome.Converged, fit.Report.Outcome);

            double objective = PlainObjective.Value(classifier, data.Train, data.TrainLabels, golden.C);
            Assert.True(objective <= golden.Optimum * (1 + ObjectiveTolerance), $"{shown}: {objective} is above the optimum {golden.Optimum}.");
            Assert.True(objective >= golden.Optimum * (1 - 1e-9), $"{shown}: {objective} is below the optimum {golden.Optimum}.");
            Assert.InRange(fit.Report.Objective, objective * (1 - 1e-7), objective * (1 + 1e-7));
            Assert.InRange(objective - golden.Optimum, double.NegativeInfinity, objective * (fit.Report.RelativeGapBound + 1e-9));

            int[] expected = Predict(ProbeGolden.Optimum(solutions, golden, data.TrainLabels.Classes), data);
            int[] actual = classifier.Predict(data.Test);
            double agreement = expected.Zip(actual).Count(pair => pair.First == pair.Second) / (double)expected.Length;
            Assert.True(agreement >= Agreement, $"{shown}: {agreement:P2} of the predictions agree.");
            Assert.InRange(Accuracy(actual, data.TestLabels.Indices) - golden.TestAccuracy, -(1 - Agreement), 1 - Agreement);
            Assert.InRange(Accuracy(classifier.Predict(data.Train), data.TrainLabels.Indices) - golden.TrainAccuracy, -(1 - Agreement), 1 - Agreement);

            double[] probabilities = ProbeGolden.Solutions(solutions, golden.C)("test_proba");
            ScoreMatrix own = classifier.PredictProbability(data.Test);
            for (int i = 0; i < probabilities.Length; i++)
            {
                Assert.InRange(own.Values.Span[i] - probabilities[i], -ProbabilityTolerance, ProbabilityTolerance);
            }

            double[] decisions = ProbeGolden.Solutions(solutions, golden.C)("test_decision");
            ScoreMatrix decision = classifier.DecisionFunction(data.Test);
            for (int i = 0; i < decisions.Length; i++)
            {
                Assert.InRange(decision.Values.Span[i] - decisions[i], -0.02, 0.02);
            }
        }
    }

    private static int[] Predict(LinearClassifier classifier, GoldenSet data) =>
        [.. PlainObjective.Scores(classifier, data.Test).Select(row => row.Scores.IndexOf(row.Scores.Max()))];

    private static double Accuracy(int[] predictions, ReadOnlySpan<int> labels)
    {
        int right = 0;
        for (int i = 0; i < predictions.Length; i++)
        {
            right += predictions[i] == labels[i] ? 1 : 0;
        }

        return right / (double)predictions.Length;
    }
}
