using ClipFunctions.Probe.Reports;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Reports;

/// <summary>Reports of every shape, with names that people would not choose.</summary>
internal static class RandomReports
{
    // Well-formed UTF-16: what a lone surrogate becomes is no matter of the report.
    private static readonly Gen<string> Character = Gen.OneOf(
        Gen.Char['\u0000', '\u007f'].Select(letter => letter.ToString()),
        Gen.Int[0x80, 0xd7ff].Select(char.ConvertFromUtf32),
        Gen.Int[0xe000, 0x10ffff].Select(char.ConvertFromUtf32),
        Gen.Const("<"),
        Gen.Const("&"),
        Gen.Const("\""),
        Gen.Const("]]>"));

    private static readonly Gen<string> Name = Character.Array[0, 12].Select(string.Concat);

    private static readonly Gen<double> Share = Gen.OneOf(Gen.Double[0, 1], Gen.Const(0.0), Gen.Const(1.0));

    private static readonly Gen<int> Count = Gen.OneOf(Gen.Int[0, 20], Gen.Int[0, int.MaxValue]);

    private static readonly Gen<double> Amount = Gen.OneOf(Gen.Double[0, 100], Gen.Const(0.0), Gen.Const(1e-300), Gen.Const(1e300));

    private static readonly Gen<double> C = Gen.Double[-12, 12].Select(power => Math.Pow(10, power));

    private static readonly Gen<ReportFaults> Faults =
        from faults in Gen.Select(Name, Name, Name, (name, reason, message) => new ReportFault { Name = name, Reason = reason, Message = message }).Array[0, 4]
        from more in Gen.Int[0, 100]
        select new ReportFaults { Total = faults.Length + more, Listed = faults };

    private static readonly Gen<ReportModel> Model =
        from names in Name.Array[4]
        from dimension in Count
        select new ReportModel { Id = names[0], Fingerprint = names[1], Precision = names[2], Device = names[3], Dimension = dimension };

    private static readonly Gen<ReportResult> Result =
        from shares in Share.Array[6]
        from top5 in Optional(Share)
        from count in Count
        select new ReportResult
        {
            Count = count,
            Top1 = shares[0],
            Top1Low = shares[1],
            Top1High = shares[2],
            Confidence = shares[3],
            Top5 = top5,
            MeanPerClass = shares[4],
            CalibrationError = shares[5],
        };

    private static readonly Gen<ReportBin> Bin = Gen.Select(Share.Array[4], Count, (shares, count) =>
        new ReportBin { Low = shares[0], High = shares[1], Count = count, Confidence = shares[2], Accuracy = shares[3] });

    private static readonly Gen<ReportConfusion> Confusion = Gen.Select(Name, Name, Count, Share, (actual, predicted, count, share) =>
        new ReportConfusion { Actual = actual, Predicted = predicted, Count = count, Share = share });

    private static readonly Gen<ReportProbe> Probe =
        from c in C
        from sweep in Gen.Select(C, Share, (c, accuracy) => new ReportSweepPoint { C = c, Accuracy = accuracy }).Array[0, 12]
        from counts in Count.Array[3]
        from amounts in Amount.Array[3]
        select new ReportProbe
        {
            C = c,
            Sweep = sweep,
            TrainCount = counts[0],
            Objective = amounts[0],
            GradientNorm = amounts[1],
            RelativeGap = amounts[2],
            Iterations = counts[1],
            Evaluations = counts[2],
        };

    private static readonly Gen<ReportExample[]> Examples = Gen.Select(Name, Name, Name, Share, Gen.Byte.Array[0, 20], Gen.Bool, (name, actual, predicted, probability, bytes, pictured) =>
        new ReportExample { Name = name, Actual = actual, Predicted = predicted, Probability = probability, Thumbnail = pictured ? bytes : null }).Array[0, 4];

    private static readonly Gen<ReportTimings> Timings =
        from amounts in Amount.Array[2]
        from optional in Optional(Amount).Array[4]
        select new ReportTimings
        {
            PlanSeconds = optional[0],
            ExtractSeconds = optional[1],
            FitSeconds = amounts[0],
            TotalSeconds = amounts[1],
            PicturesPerSecond = optional[2],
            ExtractWorkSeconds = optional[3],
        };

    private static readonly Gen<DateTimeOffset> Time = Gen.Select(Gen.DateTime, Gen.Int[-14, 14], (time, hours) =>
        new DateTimeOffset(new DateTime(Math.Clamp(time.Ticks, TimeSpan.TicksPerDay, DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay)), TimeSpan.FromHours(hours)));

    public static Gen<EvaluationReport> All { get; } =
        from classes in Name.Array[1, 8]
        from kind in Gen.Bool
        from names in Name.Array[7]
        from counts in Count.Array[3]
        from faults in Faults
        from model in Model
        from labels in Name.Array[classes.Length]
        from templates in Name.Array[0, 4]
        from result in Result
        from bins in Bin.Array[0, 5]
        from confusion in Count.Array[classes.Length].Array[classes.Length]
        from table in Gen.Select(Share.Array[3], Count).Array[classes.Length]
        from worst in Confusion.Array[0, 5]
        from probe in Probe
        from hits in Examples
        from misses in Examples
        from timings in Timings
        from time in Time
        select new EvaluationReport
        {
            RunId = names[0],
            Kind = kind ? ReportKind.LinearProbe : ReportKind.ZeroShot,
            Created = time,
            Command = names[1],
            Message = names[2],
            Dataset = new ReportDataset
            {
                Name = names[3],
                Id = names[4],
                Format = names[5],
                Classes = classes,
                TrainCount = counts[0],
                ValidationCount = counts[1],
                TestCount = counts[2],
                Faults = faults,
            },
            Model = model,
            Labels = kind ? null : new ReportLabels { Name = names[6], Labels = labels, Templates = templates },
            Result = result,
            Calibration = new ReportCalibration { Bins = bins },
            Confusion = confusion,
            Classes = [.. table.Select((row, at) => new ReportClass { Name = classes[at], Count = row.Item2, Precision = row.Item1[0], Recall = row.Item1[1], F1 = row.Item1[2] })],
            WorstConfusions = worst,
            Probe = kind ? probe : null,
            Examples = new ReportExamples { Hits = hits, Misses = misses },
            Timings = timings,
        };

    private static Gen<double?> Optional(Gen<double> values) => Gen.Select(values, Gen.Bool, (value, there) => there ? value : (double?)null);
}
