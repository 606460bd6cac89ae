namespace ClipFunctions.Probe.Reports.Html;

/// <summary>A few pictures that were mistaken and a few that were not, and those that could not be read.</summary>
internal static class PicturesSection
{
    public static void Write(Markup html, EvaluationReport report)
    {
        ReportExamples examples = report.Examples;
        if (examples.Misses.Count + examples.Hits.Count > 0)
        {
            using (html.Open("section", ("aria-labelledby", "pictures")))
            {
                html.Leaf("h2", "Some pictures", ("id", "pictures"));
                WriteExamples(html, "Mistaken", examples.Misses, miss: true);
                WriteExamples(html, "Right", examples.Hits, miss: false);
            }
        }

        if (report.Dataset.Faults.Total > 0)
        {
            WriteFaults(html, report.Dataset.Faults);
        }
    }

    private static void WriteExamples(Markup html, string title, IReadOnlyList<ReportExample> examples, bool miss)
    {
        if (examples.Count == 0)
        {
            return;
        }

        html.Leaf("h3", title);
        using (html.Open("ul", ("class", "pictures")))
        {
            foreach (ReportExample example in examples)
            {
                using (html.Open("li", ("class", "card picture")))
                {
                    using (html.Open("div", ("class", "frame")))
                    {
                        if (example.Thumbnail is { Length: > 0 } thumbnail)
                        {
                            html.Empty("img", ("src", "data:image/jpeg;base64," + Convert.ToBase64String(thumbnail)), ("alt", $"The picture {example.Name}"));
                        }
                        else
                        {
                            html.Leaf("span", "No preview", ("class", "hint"));
                        }

                        using (html.Open("span", ("class", "badge")))
                        {
                            html.Share(example.Probability);
                        }
                    }

                    using (html.Open("div", ("class", "caption")))
                    {
                        WriteCaption(html, example, miss);
                        html.Leaf("p", example.Name, ("class", "file"), ("title", example.Name));
                    }
                }
            }
        }
    }

    private static void WriteCaption(Markup html, ReportExample example, bool miss)
    {
        using (html.Open("p", ("class", miss ? "named wrong" : "named")))
        {
            html.Name(example.Predicted);
        }

        if (miss)
        {
            using (html.Open("p"))
            {
                html.Text("is ");
                html.Name(example.Actual);
            }
        }
    }

    private static void WriteFaults(Markup html, ReportFaults faults)
    {
        using (html.Open("section", ("aria-labelledby", "faults")))
        {
            html.Leaf("h2", "Pictures that could not be read", ("id", "faults"));
            using (html.Open("div", ("class", "card")))
            {
                using (html.Open("p"))
                {
                    html.Count(faults.Total);
                    html.Text(faults.Total == 1 ? " picture was left out." : " pictures were left out.");
                }

                if (faults.Listed.Count > 0)
                {
                    using (html.Open("details"))
                    {
                        html.Leaf("summary", faults.Listed.Count == faults.Total ? "Which, and why" : $"The first {Show.Count(faults.Listed.Count)}, and why");
                        Table.Write(
                            html,
                            "Pictures that could not be read",
                            [("Picture", false), ("Reason", false), ("Message", false)],
                            faults.Listed.Select(fault => new[] { new Cell(fault.Name), new Cell(Show.Words(fault.Reason)), new Cell(fault.Message) }));
                    }
                }
            }
        }
    }
}
