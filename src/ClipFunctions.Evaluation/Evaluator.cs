using System.Diagnostics;
using System.Globalization;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Probe.Fitting;
using ClipFunctions.Probe.Labels;
using ClipFunctions.Probe.Metrics;
using ClipFunctions.Probe.Reports;
using ClipFunctions.Probe.Sweeping;

namespace ClipFunctions.Evaluation;

/// <summary>Fits (linear probe) or compares (zero-shot), measures, and makes the report.</summary>
/// <param name="time">Tells when.</param>
public sealed class Evaluator(TimeProvider time)
{
    private const int TopFive = 5;

    /// <summary>Makes a report of a data set's vectors.</summary>
    /// <param name="input">All that it is made of.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="InvalidEvaluationException">After the bad pictures nothing is left to measure, or to fit a class on.</exception>
    public async Task<EvaluationResult> RunAsync(EvaluationInput input, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(input);
        long start = Stopwatch.GetTimestamp();
        SplitFeatures test = input.Features.Of(DatasetSplit.Test);
        if (test.Labels.Length == 0)
        {
            throw new InvalidEvaluationException("InvalidDataset", $"Data set {input.Plan.Origin}: no picture of the test split can be used.");
        }

        ScoreMatrix probabilities;
        ReportProbe? probe = null;
        byte[]? classifier = null;
        if (input.Kind == EvaluationKind.LinearProbe)
        {
            (probabilities, probe, classifier) = await Task.Run(() => Fit(input, test, progress, cancellationToken), cancellationToken);
        }
        else
        {
            float[] values = await ZeroShotScores.ComputeAsync(input.Model, test.Vectors, input.Labels!, cancellationToken);
            probabilities = new ScoreMatrix(values, test.Labels.Length, input.Plan.Classes.Length);
        }

        MetricsOptions options = new() { ScoreKind = ScoreKind.Probabilities, Seed = input.Seed };
        ClassificationMetrics metrics = ClassificationMetrics.Compute(probabilities, LabelsOf(input.Plan, test), options, cancellationToken);
        TimeSpan fitting = Stopwatch.GetElapsedTime(start);
        ReportExamples examples = await ExamplePicker.PickAsync(input, test, probabilities.ArgMax(), probabilities, cancellationToken);
        IReadOnlyList<PictureFault> faults = input.Features.Faults;
        int extracted = input.Features.CountOf(DatasetSplit.Train, DatasetSplit.Validation, DatasetSplit.Test);
        DateTimeOffset now = time.GetUtcNow();
        EvaluationReport report = new()
        {
            RunId = input.RunId,
            Kind = input.Kind == EvaluationKind.LinearProbe ? ReportKind.LinearProbe : ReportKind.ZeroShot,
            Created = now,
            Command = input.Command,
            Message = input.Message,
            Dataset = new ReportDataset
            {
                Name = input.Plan.Origin,
                Id = input.Plan.Id,
                Format = input.Plan.Format.ToString().ToLowerInvariant(),
                Classes = input.Plan.Classes,
                TrainCount = input.Features.CountOf(DatasetSplit.Train),
                ValidationCount = input.Features.CountOf(DatasetSplit.Validation),
                TestCount = test.Labels.Length,
                Faults = new ReportFaults
                {
                    Total = checked((int)(input.Plan.Faults.Total + faults.Count)),
                    Listed =
                    [
                        .. input.Plan.Faults.Listed.Select(fault => new ReportFault { Name = fault.Name, Reason = fault.Reason.ToString(), Message = fault.Message })
                            .Concat(faults.Select(fault => new ReportFault { Name = fault.Name, Reason = fault.Reason, Message = fault.Message }))
                            .Take(input.MaxListedFaults),
                    ],
                },
            },
            Model = new ReportModel
            {
                Id = input.Model.Manifest.Id,
                Fingerprint = input.Model.Fingerprint,
                Precision = NameOf(input.Model.Manifest.Precision),
                Device = input.Model.Device.Name,
                Dimension = input.Model.EmbeddingDimension,
            },
            Labels = input.Labels is { } labels ? new ReportLabels { Name = labels.Name, Labels = labels.Labels, Templates = labels.Templates } : null,
            Result = ResultOf(metrics, options, input.Plan.Classes.Length),
            Calibration = new ReportCalibration
            {
                Bins = [.. metrics.Reliability.Select(bin => new ReportBin { Low = bin.From, High = bin.To, Count = bin.Count, Confidence = bin.Confidence, Accuracy = bin.Accuracy })],
            },
            Confusion = [.. Enumerable.Range(0, metrics.Confusion.Classes).Select(actual => metrics.Confusion[actual].ToArray())],
            Classes = [.. metrics.PerClass.Select(entry => new ReportClass { Name = entry.Name, Count = entry.Count, Precision = entry.Precision, Recall = entry.Recall, F1 = entry.F1 })],
            WorstConfusions = [.. metrics.WorstConfusions.Select(worst => new ReportConfusion { Actual = worst.Actual, Predicted = worst.Predicted, Count = worst.Count, Share = worst.Share })],
            Probe = probe,
            Examples = examples,
            Timings = new ReportTimings
            {
                PlanSeconds = input.Planning?.TotalSeconds,
                ExtractSeconds = input.Extracting?.TotalSeconds,
                ExtractWorkSeconds = input.ExtractingWork?.TotalSeconds,
                FitSeconds = fitting.TotalSeconds,
                TotalSeconds = Math.Max(fitting.TotalSeconds, (now - input.Started).TotalSeconds),
                PicturesPerSecond = input.Extracting is { TotalSeconds: > 0 } taken ? (input.Extracted ?? extracted) / taken.TotalSeconds : null,
            },
        };
        return new EvaluationResult(report, classifier);
    }

    private static (ScoreMatrix Probabilities, ReportProbe Probe, byte[] Classifier) Fit(EvaluationInput input, SplitFeatures test, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        SplitFeatures train = input.Features.Of(DatasetSplit.Train);
        SplitFeatures validation = input.Features.Of(DatasetSplit.Validation);
        CheckClasses(input.Plan, train);
        LabelVector labels = LabelsOf(input.Plan, train);
        FitResult fit;
        IReadOnlyList<ReportSweepPoint> points = [];
        if (input.C is { } c)
        {
            fit = LogisticRegression.Fit(train.Vectors, labels, new FitOptions { C = c }, null, new FitWords(progress), cancellationToken);
        }
        else
        {
            if (validation.Labels.Length == 0)
            {
                throw new InvalidEvaluationException("InvalidDataset", $"Data set {input.Plan.Origin}: train is too small to take a validation split from. Give C.");
            }

            SweepResult sweep = ProbeSweep.Run(train.Vectors, labels, validation.Vectors, LabelsOf(input.Plan, validation), null, new SweepWords(progress), cancellationToken);
            fit = sweep.Fit;
            points = [.. sweep.Points.OrderBy(point => point.C).Select(point => new ReportSweepPoint { C = point.C, Accuracy = point.Accuracy })];
        }

        using MemoryStream file = new();
        fit.Classifier.WithFeatureSource(input.Model.Fingerprint).Save(file);
        ReportProbe probe = new()
        {
            C = fit.Report.C,
            Sweep = points,
            TrainCount = train.Labels.Length + (points.Count > 0 ? validation.Labels.Length : 0),
            Objective = fit.Report.Objective,
            GradientNorm = fit.Report.GradientNorm,
            RelativeGap = fit.Report.RelativeGapBound,
            Iterations = fit.Report.Iterations,
            Evaluations = fit.Report.Evaluations,
        };
        return (fit.Classifier.PredictProbability(test.Vectors), probe, file.ToArray());
    }

    private static ReportResult ResultOf(ClassificationMetrics metrics, MetricsOptions options, int classes) => new()
    {
        Count = metrics.Rows,
        Top1 = metrics.Top1.Value,
        Top1Low = metrics.Top1.Low,
        Top1High = metrics.Top1.High,
        Confidence = options.Confidence,
        Top5 = classes > TopFive ? metrics.Top5.Value : null,
        MeanPerClass = metrics.MeanPerClass.Value,
        CalibrationError = metrics.CalibrationError,
    };

    private static void CheckClasses(DatasetPlan plan, SplitFeatures train)
    {
        HashSet<int> present = [.. train.Labels];
        for (int label = 0; label < plan.Classes.Length; label++)
        {
            if (!present.Contains(label))
            {
                throw new InvalidEvaluationException("EmptyClass", $"Data set {plan.Origin}: no train picture of class '{plan.Classes[label]}' can be used.");
            }
        }
    }

    private static LabelVector LabelsOf(DatasetPlan plan, SplitFeatures split) => LabelVector.FromIndices(split.Labels, plan.Classes);

    private static string NameOf(ModelPrecision precision) => precision switch
    {
        ModelPrecision.Fp16 => "fp16",
        ModelPrecision.DynamicInt8 => "int8",
        _ => "fp32",
    };

    private sealed class SweepWords(IProgress<string>? progress) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value) =>
            progress?.Report(string.Create(CultureInfo.InvariantCulture, $"searching C: {value.C:G4}, {value.Finished} of at most {value.MostFits} tried"));
    }

    private sealed class FitWords(IProgress<string>? progress) : IProgress<FitProgress>
    {
        public void Report(FitProgress value) =>
            progress?.Report(string.Create(CultureInfo.InvariantCulture, $"fitting: {value.Iterations} iterations, {value.RelativeGapEstimate:E1} above the optimum"));
    }
}
