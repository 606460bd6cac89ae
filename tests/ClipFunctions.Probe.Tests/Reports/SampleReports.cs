using ClipFunctions.Probe.Reports;

namespace ClipFunctions.Probe.Tests.Reports;

/// <summary>Reports as evaluations give them, of any number of classes; the same each time.</summary>
internal static class SampleReports
{
    private const int PerClass = 40;

    private static readonly string[] Names =
    [
        "cat", "dog", "airplane", "automobile", "bird", "deer", "frog", "horse", "ship", "truck", "ice cream", "Schäferhund", "猫", "a rather long name of a class", "m",
    ];

    public static EvaluationReport LinearProbe(int classes, IReadOnlyList<string>? names = null, byte[]? thumbnail = null) => Report(classes, names, thumbnail) with
    {
        Kind = ReportKind.LinearProbe,
        Probe = new ReportProbe
        {
            C = 0.316,
            Sweep =
            [
                .. Enumerable.Range(0, 7).Select(at => new ReportSweepPoint { C = Math.Pow(10, at - 4), Accuracy = 0.86 - (0.012 * Math.Pow(at - 3.4, 2)) }),
                new ReportSweepPoint { C = 0.316, Accuracy = 0.8637 },
            ],
            TrainCount = 90 * classes,
            Objective = 1234.5678,
            GradientNorm = 3.21e-6,
            RelativeGap = 7.5e-9,
            Iterations = 41,
            Evaluations = 47,
        },
    };

    public static EvaluationReport ZeroShot(int classes, IReadOnlyList<string>? names = null, byte[]? thumbnail = null)
    {
        EvaluationReport report = Report(classes, names, thumbnail);
        return report with
        {
            Kind = ReportKind.ZeroShot,
            Labels = new ReportLabels
            {
                Name = "sample",
                Labels = [.. report.Dataset.Classes.Select(name => $"label of {name}")],
                Templates = ["a photo of a {}.", "a blurry photo of a {}.", "a drawing of a {}.", "a bright photo of a {}.", "a photo of the small {}.", "itap of a {}."],
            },
        };
    }

    private static EvaluationReport Report(int classes, IReadOnlyList<string>? given, byte[]? thumbnail)
    {
        string[] names = [.. Enumerable.Range(0, classes).Select(at => given is not null && at < given.Count ? given[at] : at < Names.Length ? Names[at] : $"class {at}")];
        int[][] confusion = Confusion(classes);
        int count = PerClass * classes;
        double top1 = (double)Enumerable.Range(0, classes).Sum(at => confusion[at][at]) / count;
        byte[]? small = thumbnail ?? [0xff, 0xd8, 0xff, 0xd9];
        var wrong = confusion
            .SelectMany((row, actual) => row.Select((value, predicted) => (Actual: actual, Predicted: predicted, Count: value)))
            .Where(one => one.Actual != one.Predicted && one.Count > 0)
            .OrderByDescending(one => one.Count)
            .ToArray();
        return new EvaluationReport
        {
            RunId = "20250601-1234-sample",
            Kind = ReportKind.LinearProbe,
            Created = new DateTimeOffset(2025, 6, 1, 14, 34, 56, TimeSpan.FromHours(2)),
            Command = "clip probe ./pictures --model ViT-B/32 --sweep --seed 0",
            Message = """{"runId":"20250601-1234-sample","dataset":"pictures","model":"ViT-B/32","kind":"linear-probe"}""",
            Dataset = new ReportDataset
            {
                Name = "pictures",
                Id = "5f2e6b1c0a9d",
                Format = "folder",
                Classes = names,
                TrainCount = 80 * classes,
                ValidationCount = 10 * classes,
                TestCount = count,
                Faults = new ReportFaults
                {
                    Total = 2,
                    Listed =
                    [
                        new ReportFault { Name = "train/cat/007.jpg", Reason = "Corrupt", Message = "The file ends within the picture." },
                        new ReportFault { Name = "test/dog/big.png", Reason = "TooManyPixels", Message = "200,000,000 pixels; the limit is 178,956,970." },
                    ],
                },
            },
            Model = new ReportModel { Id = "ViT-B/32", Fingerprint = "d47a47030c5e9f1b2a38d47a47030c5e9f1b2a38d47a47030c5e9f1b2a380011", Precision = "fp32", Device = "cpu", Dimension = 512 },
            Result = new ReportResult
            {
                Count = count,
                Top1 = top1,
                Top1Low = top1 - 0.0113,
                Top1High = Math.Min(top1 + 0.0109, 1),
                Top5 = classes < 6 ? null : 0.9876,
                MeanPerClass = top1,
                CalibrationError = 0.0321,
            },
            Calibration = new ReportCalibration { Bins = [.. Enumerable.Range(0, 15).Select(at => Bin(at, count))] },
            Confusion = confusion,
            Classes = [.. names.Select((name, at) => Class(name, at, confusion))],
            WorstConfusions =
            [
                .. wrong.Take(10).Select(one => new ReportConfusion { Actual = names[one.Actual], Predicted = names[one.Predicted], Count = one.Count, Share = (double)one.Count / PerClass }),
            ],
            Examples = new ReportExamples
            {
                Hits = [.. Enumerable.Range(0, 6).Select(at => Example(names[at % classes], names[at % classes], 0.999 - (0.01 * at), small))],
                Misses =
                [
                    .. wrong.Take(5).Select((one, at) => Example(names[one.Actual], names[one.Predicted], 0.9 - (0.07 * at), small)),
                    Example(names[0], names[1 % classes], 0.51, null),
                ],
            },
            Timings = new ReportTimings { PlanSeconds = 0.42, ExtractSeconds = 61.3, ExtractWorkSeconds = 170.9, FitSeconds = 4.21, TotalSeconds = 66.01, PicturesPerSecond = 512.7 },
        };
    }

    private static int[][] Confusion(int classes)
    {
        Random random = new(classes);
        int[][] confusion = [.. Enumerable.Range(0, classes).Select(_ => new int[classes])];
        for (int actual = 0; actual < classes; actual++)
        {
            double hard = random.NextDouble() * 0.4;
            int next = (actual + 1 + random.Next(3)) % classes;
            for (int picture = 0; picture < PerClass; picture++)
            {
                int predicted = random.NextDouble() >= hard ? actual : random.NextDouble() < 0.6 ? next : random.Next(classes);
                confusion[actual][predicted]++;
            }
        }

        if (classes == 3)
        {
            confusion[0] = [38, 1, 1];
        }

        return confusion;
    }

    private static ReportBin Bin(int at, int total)
    {
        double middle = (at + 0.5) / 15;
        return at < 2
            ? new ReportBin { Low = at / 15.0, High = (at + 1) / 15.0, Count = 0, Confidence = 0, Accuracy = 0 }
            : new ReportBin { Low = at / 15.0, High = (at + 1) / 15.0, Count = (int)(total * Math.Pow(middle, 3) / 4), Confidence = middle, Accuracy = Math.Min(1, Math.Pow(middle, 1.25) + (at == 4 ? 0.12 : 0)) };
    }

    private static ReportClass Class(string name, int at, int[][] confusion)
    {
        double hits = confusion[at][at];
        int predicted = confusion.Sum(row => row[at]);
        double precision = predicted == 0 ? 0 : hits / predicted;
        double recall = hits / PerClass;
        return new ReportClass { Name = name, Count = PerClass, Precision = precision, Recall = recall, F1 = hits == 0 ? 0 : 2 * precision * recall / (precision + recall) };
    }

    private static ReportExample Example(string actual, string predicted, double probability, byte[]? thumbnail) =>
        new() { Name = $"test/{actual}/picture-00{actual.Length}.jpg", Actual = actual, Predicted = predicted, Probability = probability, Thumbnail = thumbnail };
}
