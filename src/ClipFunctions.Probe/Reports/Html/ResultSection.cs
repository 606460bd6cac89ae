namespace ClipFunctions.Probe.Reports.Html;

/// <summary>The headline: one number, how sure it is, and its companions.</summary>
internal static class ResultSection
{
    public static void Write(Markup html, EvaluationReport report)
    {
        ReportResult result = report.Result;
        using (html.Open("section", ("class", "card headline"), ("aria-labelledby", "result")))
        {
            using (html.Open("div", ("class", "verdict")))
            {
                html.Leaf("h2", "Top-1 accuracy", ("id", "result"));
                using (html.Open("p", ("class", "big")))
                {
                    html.Share(result.Top1);
                }

                using (html.Open("p", ("class", "hint")))
                {
                    html.Text($"{Show.RoundPercent(result.Confidence)} interval ");
                    html.Share(result.Top1Low);
                    html.Text(" – ");
                    html.Share(result.Top1High);
                }

                IntervalPlot.Write(html, result, report.Dataset.Classes.Count);
            }

            using (html.Open("dl", ("class", "tiles")))
            {
                if (result.Top5 is { } top5)
                {
                    WriteTile(html, "Top-5 accuracy", "The right class is among the five most probable.", () => html.Share(top5));
                }

                WriteTile(html, "Mean per class", "Every class counts the same.", () => html.Share(result.MeanPerClass));
                WriteTile(html, "Calibration error", "How far confidence and accuracy differ.", () => html.Share(result.CalibrationError));
                WriteTile(html, "Test pictures", $"In {Show.Counted(report.Dataset.Classes.Count, "class", "classes")}.", () => html.Count(result.Count));
            }
        }
    }

    private static void WriteTile(Markup html, string name, string hint, Action value)
    {
        using (html.Open("div"))
        {
            html.Leaf("dt", name);
            using (html.Open("dd", ("class", "tile-value")))
            {
                value();
            }

            html.Leaf("dd", hint, ("class", "hint"));
        }
    }
}
