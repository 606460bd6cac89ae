using System.Globalization;
using ClipFunctions.Probe.Reports.Html;

namespace ClipFunctions.Probe.Reports;

/// <summary>A report as one HTML file that needs nothing beside itself: no script, no reference to anywhere.</summary>
public static class ReportHtml
{
    /// <summary>Writes a report: UTF-8, well-formed as XML too; the same report gives the same bytes.</summary>
    /// <param name="report">The report.</param>
    /// <exception cref="ArgumentException">The report's parts do not fit together, or a number is outside its range.</exception>
    public static byte[] Write(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        ReportChecks.ThrowIfWrong(report);
        using Markup html = new();
        using (html.Open("html", ("lang", "en")))
        {
            WriteHead(html, report);
            using (html.Open("body"))
            {
                WriteMasthead(html, report);
                using (html.Open("main"))
                {
                    ResultSection.Write(html, report);
                    FactsSection.Write(html, report);
                    ErrorsSection.Write(html, report);
                    ClassesSection.Write(html, report);
                    TrustSection.Write(html, report);
                    PicturesSection.Write(html, report);
                    RepeatSection.Write(html, report);
                }

                html.Leaf("footer", "Made by ClipFunctions.");
            }
        }

        return html.ToArray();
    }

    private static string Kind(EvaluationReport report) => report.Kind == ReportKind.LinearProbe ? "Linear probe" : "Zero-shot";

    private static void WriteHead(Markup html, EvaluationReport report)
    {
        using (html.Open("head"))
        {
            html.Empty("meta", ("charset", "utf-8"));
            html.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
            html.Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
            html.Leaf("title", $"{Kind(report)}: {report.Model.Id} on {report.Dataset.Name}, {Show.Percent(report.Result.Top1)}");
            html.Empty("link", ("rel", "icon"), ("href", "data:,"));
            html.Style(ReportStyle.Css);
        }
    }

    private static void WriteMasthead(Markup html, EvaluationReport report)
    {
        using (html.Open("header", ("class", "masthead")))
        {
            using (html.Open("p", ("class", "brand")))
            {
                WriteMark(html);
                html.Text("ClipFunctions ");
                html.Leaf("span", "Evaluation");
            }

            html.Leaf("p", Kind(report), ("class", "kicker"));
            using (html.Open("h1"))
            {
                html.Name(report.Model.Id);
                html.Text(" on ");
                html.Name(report.Dataset.Name);
            }

            using (html.Open("p", ("class", "meta")))
            {
                html.Leaf("time", Show.Moment(report.Created), ("datetime", report.Created.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
                using (html.Open("span"))
                {
                    html.Text("Run ");
                    html.Leaf("code", report.RunId);
                }
            }
        }
    }

    private static void WriteMark(Markup html)
    {
        using (html.Open("svg", ("viewBox", "0 0 32 32"), ("width", "32"), ("height", "32"), ("aria-hidden", "true")))
        {
            using (html.Open("linearGradient", ("id", "mark"), ("x1", "0"), ("y1", "0"), ("x2", "1"), ("y2", "1")))
            {
                html.Empty("stop", ("offset", "0"), ("stop-color", "#14857a"));
                html.Empty("stop", ("offset", "1"), ("stop-color", "#0a4f5c"));
            }

            html.Empty("rect", ("width", "32"), ("height", "32"), ("rx", "8"), ("fill", "url(#mark)"));
            using (html.Open("g", ("fill", "#fff")))
            {
                html.Empty("rect", ("x", "7"), ("y", "8"), ("width", "18"), ("height", "4"), ("rx", "2"));
                html.Empty("rect", ("x", "7"), ("y", "14"), ("width", "11"), ("height", "4"), ("rx", "2"), ("opacity", ".75"));
                html.Empty("rect", ("x", "7"), ("y", "20"), ("width", "6"), ("height", "4"), ("rx", "2"), ("opacity", ".5"));
                html.Empty("circle", ("cx", "23"), ("cy", "22"), ("r", "3"), ("fill", "#ffc56b"));
            }
        }
    }
}
