namespace ClipFunctions.Probe.Reports.Html;

/// <summary>How to run it again.</summary>
internal static class RepeatSection
{
    public static void Write(Markup html, EvaluationReport report)
    {
        using (html.Open("section", ("aria-labelledby", "repeat")))
        {
            html.Leaf("h2", "Repeat it", ("id", "repeat"));
            using (html.Open("div", ("class", "card")))
            {
                WriteCode(html, "On the command line", report.Command);
                if (report.Message.Length > 0)
                {
                    WriteCode(html, "As a queue message", report.Message);
                }
            }
        }
    }

    private static void WriteCode(Markup html, string title, string code)
    {
        html.Leaf("h3", title);
        using (html.Open("pre", ("tabindex", "0"), ("role", "region"), ("aria-label", title)))
        {
            html.Leaf("code", code);
        }
    }
}
