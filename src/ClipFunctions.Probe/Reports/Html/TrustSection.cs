namespace ClipFunctions.Probe.Reports.Html;

/// <summary>Whether the probabilities can be trusted, and how C was chosen.</summary>
internal static class TrustSection
{
    private const double NoLean = 0.0005;

    public static void Write(Markup html, EvaluationReport report)
    {
        bool swept = report.Probe is { Sweep.Count: > 0 };
        using (html.Open("section", ("aria-labelledby", "trust")))
        {
            html.Leaf("h2", swept ? "Confidence and the choice of C" : "Confidence", ("id", "trust"));
            using (html.Open("div", ("class", "halves")))
            {
                WriteReliability(html, report, alone: !swept);
                if (swept)
                {
                    WriteSweep(html, report.Probe!);
                }
            }
        }
    }

    private static void WriteReliability(Markup html, EvaluationReport report, bool alone)
    {
        IReadOnlyList<ReportBin> bins = report.Calibration.Bins;
        using (html.Open("figure", ("class", "card")))
        {
            html.Leaf("h3", "Is it as right as it is sure?");
            using (html.Open("p", ("class", "hint")))
            {
                html.Text(Lean(bins) + " Calibration error ");
                html.Share(report.Result.CalibrationError);
                html.Text(".");
            }

            ReliabilityPlot.Write(html, bins);
            using (html.Open("dl", ("class", "legend")))
            {
                WriteKey(html, "key-accuracy", "Right");
                WriteKey(html, "key-too-sure", "Too sure");
                WriteKey(html, "key-too-unsure", "Not sure enough");
            }

            if (!alone)
            {
                using (html.Open("details"))
                {
                    html.Leaf("summary", "Bins as a table");
                    WriteBins(html, bins);
                }
            }
        }

        if (alone)
        {
            using (html.Open("div", ("class", "card")))
            {
                html.Leaf("h3", "Bins of confidence");
                WriteBins(html, bins);
            }
        }
    }

    private static void WriteBins(Markup html, IReadOnlyList<ReportBin> bins) => Table.Write(
        html,
        "Bins of confidence",
        [("Range", false), ("Pictures", true), ("Confidence", true), ("Accuracy", true)],
        bins.Select(bin => new[] { new Cell(ReliabilityPlot.Range(bin)), Cell.Count(bin.Count), Share(bin, bin.Confidence), Share(bin, bin.Accuracy) }));

    private static Cell Share(ReportBin bin, double share) => bin.Count > 0 ? Cell.Share(share) : new Cell("–");

    private static void WriteKey(Markup html, string kind, string text)
    {
        using (html.Open("div"))
        {
            html.Leaf("dt", "", ("class", kind), ("aria-hidden", "true"));
            html.Leaf("dd", text);
        }
    }

    private static string Lean(IReadOnlyList<ReportBin> bins)
    {
        double total = bins.Sum(bin => (double)bin.Count);
        double lean = total > 0 ? bins.Sum(bin => bin.Count * (bin.Confidence - bin.Accuracy)) / total : 0;
        return lean switch
        {
            > NoLean => $"On average, confidence is {Show.Points(lean)} above accuracy.",
            < -NoLean => $"On average, confidence is {Show.Points(-lean)} below accuracy.",
            _ => "On average, confidence and accuracy are equal.",
        };
    }

    private static void WriteSweep(Markup html, ReportProbe probe)
    {
        using (html.Open("figure", ("class", "card")))
        {
            html.Leaf("h3", "Which C was taken?");
            html.Leaf("p", "Accuracy on the validation pictures; a small C holds the weights small.", ("class", "hint"));
            SweepPlot.Write(html, probe);
            using (html.Open("details"))
            {
                html.Leaf("summary", "All values as a table");
                Table.Write(
                    html,
                    "Validation accuracy for each C",
                    [("C", false), ("Accuracy", true)],
                    probe.Sweep.Select(point => new[] { Cell.Number(point.C), Cell.Share(point.Accuracy) }));
            }
        }
    }
}
