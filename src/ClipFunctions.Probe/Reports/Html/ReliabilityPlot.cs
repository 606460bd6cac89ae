namespace ClipFunctions.Probe.Reports.Html;

/// <summary>The reliability diagram: accuracy over confidence, and below it how many pictures each bin has.</summary>
internal static class ReliabilityPlot
{
    private const double Width = 440;
    private const double Height = 370;
    private const double Left = 68;
    private const double Right = 14;
    private const double Top = 12;
    private const double Base = 238;
    private const double CountTop = 278;
    private const double CountBase = 326;
    private const double NarrowestCount = 20;

    public static void Write(Markup html, IReadOnlyList<ReportBin> bins)
    {
        Scale x = new(0, 1, Left, Width - Right);
        Scale y = new(0, 1, Base, Top);
        int most = Math.Max(bins.Select(bin => bin.Count).DefaultIfEmpty().Max(), 1);
        Scale counts = new(0, most, CountBase, CountTop);

        using (Plot.Open(
            html,
            "reliability",
            "Reliability diagram",
            $"Accuracy against confidence in {Show.Counted(bins.Count, "bin", "bins")}, and the number of pictures in each. On the dashed diagonal both are equal. The table of bins has the numbers.",
            Width,
            Height,
            "chart"))
        {
            foreach (double tick in Plot.Ticks(0, 1, 5))
            {
                Plot.Line(html, "grid", Left, y.At(tick), Width - Right, y.At(tick));
                Plot.Text(html, Show.RoundPercent(tick), Left - 8, y.At(tick) + 4, "label end");
                Plot.Text(html, Show.RoundPercent(tick), x.At(tick), CountBase + 18, tick == 1 ? "label end" : "label middle");
            }

            foreach (ReportBin bin in bins)
            {
                if (bin.Count > 0 && bin.High > bin.Low)
                {
                    WriteBin(html, bin, x, y, counts);
                }
            }

            Plot.Line(html, "diagonal", x.At(0), y.At(0), x.At(1), y.At(1));
            Plot.Line(html, "base", Left, Base, Width - Right, Base);
            Plot.Line(html, "base", Left, CountBase, Width - Right, CountBase);
            Plot.Text(html, "Accuracy", Left + 6, Top + 12, "axis");
            Plot.Text(html, "Pictures", Left - 8, CountBase, "axis end");
            Plot.Text(html, "Confidence", (Left + Width - Right) / 2, Height - 6, "axis middle");
        }
    }

    private static void WriteBin(Markup html, ReportBin bin, Scale x, Scale y, Scale counts)
    {
        double left = x.At(bin.Low) + 1;
        double width = x.At(bin.High) - x.At(bin.Low) - 2;
        double accuracy = y.At(bin.Accuracy);
        double confidence = y.At(bin.Confidence);
        using (html.Open("g"))
        {
            html.Leaf("title", $"{Range(bin)}: {Show.Counted(bin.Count, "picture", "pictures")}, confidence {Show.Percent(bin.Confidence)}, accuracy {Show.Percent(bin.Accuracy)}");
            double lower = Math.Max(accuracy, confidence);
            Plot.Box(html, "bar", left, lower, width, Base - lower);
            Plot.Box(html, accuracy > confidence ? "too-sure" : "too-unsure", left, Math.Min(accuracy, confidence), width, Math.Abs(accuracy - confidence));
            double top = Math.Min(counts.At(bin.Count), CountBase - 1);
            Plot.Box(html, "count", left, top, width, CountBase - top);
            if (width >= NarrowestCount)
            {
                Plot.Text(html, Show.Compact(bin.Count), left + (width / 2), top - 4, "small middle");
            }
        }
    }

    public static string Range(ReportBin bin) => $"{Show.RoundPercent(bin.Low)} – {Show.RoundPercent(bin.High)}";
}
