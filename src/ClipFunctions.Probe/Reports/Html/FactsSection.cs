namespace ClipFunctions.Probe.Reports.Html;

/// <summary>What was measured, with what, and how long it took.</summary>
internal static class FactsSection
{
    private const int ShownTemplates = 4;

    public static void Write(Markup html, EvaluationReport report)
    {
        using (html.Open("section", ("aria-labelledby", "facts")))
        {
            html.Leaf("h2", "What was measured", ("id", "facts"));
            using (html.Open("div", ("class", "cards")))
            {
                WriteDataset(html, report.Dataset);
                WriteModel(html, report.Model);
                if (report.Probe is { } probe)
                {
                    WriteProbe(html, probe);
                }

                if (report.Labels is { } labels)
                {
                    WriteLabels(html, labels);
                }

                WriteTimings(html, report.Timings);
            }
        }
    }

    private static void WriteDataset(Markup html, ReportDataset dataset) => WriteCard(html, "Data set", facts =>
    {
        facts.Name("Name", dataset.Name);
        facts.Name("Format", dataset.Format);
        facts.Count("Classes", dataset.Classes.Count);
        if (dataset.TrainCount > 0)
        {
            facts.Count("Train", dataset.TrainCount);
        }

        if (dataset.ValidationCount > 0)
        {
            facts.Count("Validation", dataset.ValidationCount);
        }

        facts.Count("Test", dataset.TestCount);
        facts.Count("Unreadable", dataset.Faults.Total);
        facts.Code("Id", dataset.Id);
    });

    private static void WriteModel(Markup html, ReportModel model) => WriteCard(html, "Model", facts =>
    {
        facts.Name("Name", model.Id);
        facts.Name("Precision", model.Precision);
        facts.Name("Device", model.Device);
        facts.Count("Dimension", model.Dimension);
        facts.Code("Fingerprint", model.Fingerprint);
    });

    private static void WriteProbe(Markup html, ReportProbe probe) => WriteCard(html, "Fit", facts =>
    {
        facts.Number("C", probe.C);
        facts.Text("C from", probe.Sweep.Count > 0 ? $"{Show.Counted(probe.Sweep.Count, "value", "values")} tried" : "the request");
        facts.Count("Pictures", probe.TrainCount);
        facts.Number("Objective", probe.Objective);
        facts.Number("Gradient norm", probe.GradientNorm);
        facts.Number("Relative gap", probe.RelativeGap, "at most ");
        facts.Count("Iterations", probe.Iterations);
        facts.Count("Evaluations", probe.Evaluations);
    });

    private static void WriteLabels(Markup html, ReportLabels labels) => WriteCard(
        html,
        "Labels",
        facts =>
        {
            facts.Name("Name", labels.Name);
            facts.Count("Labels", labels.Labels.Count);
            facts.Count("Templates", labels.Templates.Count);
        },
        () =>
        {
            WriteTemplates(html, labels.Templates.Take(ShownTemplates));
            if (labels.Templates.Count > ShownTemplates)
            {
                using (html.Open("details"))
                {
                    html.Leaf("summary", Show.Count(labels.Templates.Count - ShownTemplates) + " more");
                    WriteTemplates(html, labels.Templates.Skip(ShownTemplates));
                }
            }
        });

    private static void WriteTemplates(Markup html, IEnumerable<string> templates)
    {
        using (html.Open("ul", ("class", "templates")))
        {
            foreach (string template in templates)
            {
                using (html.Open("li"))
                {
                    html.Leaf("code", template);
                }
            }
        }
    }

    private static void WriteTimings(Markup html, ReportTimings timings) => WriteCard(html, "Time", facts =>
    {
        facts.Seconds("Planning", timings.PlanSeconds);
        if (timings.ExtractSeconds is null)
        {
            facts.Text("Vectors", "were there already");
        }

        facts.Seconds("Vectors", timings.ExtractSeconds);
        facts.Seconds("All shards together", timings.ExtractWorkSeconds);
        if (timings.PicturesPerSecond is { } speed)
        {
            facts.Number("Pictures per second", speed);
        }

        facts.Seconds("Fit and numbers", timings.FitSeconds);
        facts.Seconds("In all", timings.TotalSeconds);
    });

    private static void WriteCard(Markup html, string title, Action<Facts> write, Action? more = null)
    {
        using (html.Open("div", ("class", "card")))
        {
            html.Leaf("h3", title);
            using (html.Open("dl", ("class", "facts")))
            {
                write(new Facts(html));
            }

            more?.Invoke();
        }
    }
}
