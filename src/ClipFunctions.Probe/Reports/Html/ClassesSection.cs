namespace ClipFunctions.Probe.Reports.Html;

/// <summary>How well each class is found.</summary>
internal static class ClassesSection
{
    private const int AllClasses = 50;
    private const int EndClasses = 25;
    private const int OneColumn = 6;

    public static void Write(Markup html, EvaluationReport report)
    {
        ReportClass[] sorted = [.. report.Classes
            .OrderByDescending(one => one.Count > 0)
            .ThenByDescending(one => one.Recall)
            .ThenBy(one => one.Name, StringComparer.Ordinal)];
        ReportClass[] measured = [.. sorted.Where(one => one.Count > 0)];
        using (html.Open("section", ("aria-labelledby", "classes")))
        {
            html.Leaf("h2", "Class by class", ("id", "classes"));
            if (sorted.Length <= AllClasses)
            {
                using (html.Open("div", ("class", "card")))
                {
                    WriteBars(html, "Found of each class", "bars", sorted);
                    WriteTable(html, report);
                }
            }
            else
            {
                using (html.Open("div", ("class", "card")))
                {
                    using (html.Open("div", ("class", "columns")))
                    {
                        WriteBars(html, $"The best {EndClasses}", "best", measured.Take(EndClasses));
                        WriteBars(html, $"The worst {EndClasses}", "worst", measured.TakeLast(EndClasses).Reverse());
                    }

                    WriteTable(html, report);
                }
            }
        }
    }

    private static void WriteBars(Markup html, string title, string id, IEnumerable<ReportClass> classes)
    {
        ReportClass[] shown = [.. classes];
        using (html.Open("figure"))
        {
            html.Leaf("h3", title, ("id", id));
            html.Leaf("p", "Recall: the share of a class's pictures that are named right.", ("class", "hint"));
            using (html.Open("ul", ("class", shown.Length > OneColumn && id == "bars" ? "bars two" : "bars"), ("aria-labelledby", id)))
            {
                foreach (ReportClass one in shown)
                {
                    using (html.Open("li"))
                    {
                        html.Leaf("bdi", one.Name, ("class", "bar-label"), ("title", one.Name));
                        using (html.Open("span", ("class", "bar-track"), ("aria-hidden", "true")))
                        {
                            html.Leaf("span", "", ("class", "bar-fill"), ("style", $"inline-size:{Show.Place(one.Recall * 100)}%"));
                        }

                        using (html.Open("span", ("class", "bar-value")))
                        {
                            if (one.Count > 0)
                            {
                                html.Share(one.Recall);
                            }
                            else
                            {
                                html.Text("none");
                            }
                        }
                    }
                }
            }
        }
    }

    private static void WriteTable(Markup html, EvaluationReport report)
    {
        IReadOnlyList<string>? labels = report.Labels?.Labels;
        List<(string Heading, bool Number)> columns = [("Class", false), ("Pictures", true), ("Precision", true), ("Recall", true), ("F1", true)];
        if (labels is not null)
        {
            columns.Add(("Label", false));
        }

        using (html.Open("details"))
        {
            html.Leaf("summary", "All classes as a table");
            Table.Write(html, "All classes", columns, report.Classes.Select((one, at) => (Cell[])[
                new Cell(one.Name),
                Cell.Count(one.Count),
                Cell.Share(one.Precision),
                Cell.Share(one.Recall),
                Cell.Share(one.F1),
                .. labels is null ? Array.Empty<Cell>() : [new Cell(labels[at])],
            ]));
        }
    }
}
