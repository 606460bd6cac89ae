namespace ClipFunctions.Probe.Reports.Html;

/// <summary>The headline number on a bar from 0 to 100 %, with its interval and what guessing would give. It is as wide as its place.</summary>
internal static class IntervalPlot
{
    public static void Write(Markup html, ReportResult result, int classes)
    {
        using (html.Open(
            "svg", ("class", "interval"), ("role", "img"), ("aria-labelledby", "interval-title interval-description"), ("width", "100%"), ("height", "46")))
        {
            html.Leaf("title", "Top-1 accuracy and its interval", ("id", "interval-title"));
            html.Leaf(
                "desc",
                $"{Show.Percent(result.Top1)}, from {Show.Percent(result.Top1Low)} to {Show.Percent(result.Top1High)}; guessing would give {Show.Percent(1.0 / classes)}.",
                ("id", "interval-description"));
            Bar("track", 0, 1, 12, 12, "6");
            Bar("fill", 0, result.Top1, 12, 12, "6");
            Bar("band", result.Top1Low, Math.Max(result.Top1High - result.Top1Low, 0.002), 6, 24, "3");
            double guess = 1.0 / classes;
            Line(guess, 6, 32, "guess");
            Text("guessing", Math.Max(guess, 0), guess > 0.4 ? "label middle" : "label");
            Text("100" + '\u00a0' + "%", 1, "label end");
        }

        void Bar(string kind, double start, double length, double top, double height, string radius) => html.Empty(
            "rect", ("class", kind), ("x", At(start)), ("width", At(length)), ("y", Show.Place(top)), ("height", Show.Place(height)), ("rx", radius));

        void Line(double at, double top, double bottom, string kind) => html.Empty(
            "line", ("class", kind), ("x1", At(at)), ("x2", At(at)), ("y1", Show.Place(top)), ("y2", Show.Place(bottom)));

        void Text(string text, double at, string kind) => html.Leaf("text", text, ("class", kind), ("x", At(at)), ("y", "44"));
    }

    private static string At(double share) => Show.Place(share * 100) + "%";
}
