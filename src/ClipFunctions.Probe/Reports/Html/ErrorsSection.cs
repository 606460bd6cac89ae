namespace ClipFunctions.Probe.Reports.Html;

/// <summary>What is taken for what.</summary>
internal static class ErrorsSection
{
    public static void Write(Markup html, EvaluationReport report)
    {
        using (html.Open("section", ("aria-labelledby", "errors")))
        {
            html.Leaf("h2", "What is taken for what", ("id", "errors"));
            using (html.Open("div", ("class", "split")))
            {
                using (html.Open("figure", ("class", "card wide")))
                {
                    html.Leaf("h3", "Confusion");
                    using (html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", "Confusion heat map")))
                    {
                        ConfusionPlot.Write(html, report);
                    }

                    ConfusionPlot.WriteLegend(html);
                }

                WriteWorst(html, report.WorstConfusions);
            }
        }
    }

    private static void WriteWorst(Markup html, IReadOnlyList<ReportConfusion> worst)
    {
        using (html.Open("div", ("class", "card")))
        {
            html.Leaf("h3", "Worst confusions");
            if (worst.Count == 0)
            {
                html.Leaf("p", "No picture was mistaken.", ("class", "hint"));
                return;
            }

            Table.Write(
                html,
                "Worst confusions",
                [("Actual", false), ("Taken for", false), ("Pictures", true), ("Share", true)],
                worst.Select(pair => new[] { new Cell(pair.Actual), new Cell(pair.Predicted), Cell.Count(pair.Count), Cell.Share(pair.Share) }));
        }
    }
}
