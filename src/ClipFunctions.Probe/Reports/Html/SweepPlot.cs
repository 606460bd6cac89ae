using System.Text;

namespace ClipFunctions.Probe.Reports.Html;

/// <summary>Validation accuracy over C, whose axis is logarithmic.</summary>
internal static class SweepPlot
{
    private const double Width = 440;
    private const double Height = 330;
    private const double Left = 58;
    private const double Right = 14;
    private const double Top = 30;
    private const double Bottom = 46;
    private const int MostDecades = 8;

    /// <param name="html">Where it goes.</param>
    /// <param name="probe">A probe with at least one point.</param>
    public static void Write(Markup html, ReportProbe probe)
    {
        ReportSweepPoint[] points = [.. probe.Sweep.OrderBy(point => point.C)];
        ReportSweepPoint best = points.MaxBy(point => point.Accuracy)!;
        Scale x = Scale.Over(points.Select(point => Math.Log10(point.C)).Append(Math.Log10(probe.C)), 0.06, 0.5, Left, Width - Right);
        Scale y = Scale.Over(points.Select(point => point.Accuracy), 0.12, 0.005, Height - Bottom, Top).Within(0, 1);

        using (Plot.Open(
            html,
            "sweep",
            "Validation accuracy for each C",
            $"{Show.Counted(points.Length, "C", "values of C")} from {Show.Number(points[0].C)} to {Show.Number(points[^1].C)}. The best accuracy is {Show.Percent(best.Accuracy)}; "
                + $"{Show.Number(probe.C)} was chosen.",
            Width,
            Height,
            "chart"))
        {
            foreach (double tick in Plot.Ticks(y.Low, y.High, 5))
            {
                Plot.Line(html, "grid", Left, y.At(tick), Width - Right, y.At(tick));
                Plot.Text(html, Show.RoundPercent(tick), Left - 8, y.At(tick) + 4, "label end");
            }

            int step = Math.Max((int)Math.Ceiling((x.High - x.Low) / MostDecades), 1);
            for (int power = (int)Math.Ceiling(x.Low); power <= x.High; power++)
            {
                if (power % step == 0)
                {
                    Plot.Line(html, "grid", x.At(power), Top, x.At(power), Height - Bottom);
                    Plot.Text(html, Show.PowerOfTen(power), x.At(power), Height - Bottom + 18, "label middle");
                }
            }

            Plot.Line(html, "base", Left, Height - Bottom, Width - Right, Height - Bottom);
            double chosen = x.At(Math.Log10(probe.C));
            Plot.Line(html, "chosen", chosen, Top - 8, chosen, Height - Bottom);
            bool early = chosen < (Left + Width - Right) / 2;
            Plot.Text(html, $"C = {Show.Number(probe.C)}", chosen + (early ? 6 : -6), Top - 12, early ? "strong" : "strong end");

            html.Empty("path", ("class", "curve"), ("d", Path(points, x, y)));
            foreach (ReportSweepPoint point in points)
            {
                bool isChosen = point.C == probe.C;
                using (html.Open(
                    "circle",
                    ("class", isChosen ? "point picked" : "point"),
                    ("cx", Show.Place(x.At(Math.Log10(point.C)))),
                    ("cy", Show.Place(y.At(point.Accuracy))),
                    ("r", isChosen ? "6" : "3.5")))
                {
                    html.Leaf("title", $"C = {Show.Number(point.C)}: {Show.Percent(point.Accuracy)}");
                }
            }

            Plot.Text(html, "C", (Left + Width - Right) / 2, Height - 8, "axis middle");
        }
    }

    private static string Path(ReportSweepPoint[] points, Scale x, Scale y)
    {
        StringBuilder path = new();
        foreach (ReportSweepPoint point in points)
        {
            path.Append(path.Length == 0 ? 'M' : 'L').Append(Show.Place(x.At(Math.Log10(point.C)))).Append(' ').Append(Show.Place(y.At(point.Accuracy)));
        }

        return path.ToString();
    }
}
