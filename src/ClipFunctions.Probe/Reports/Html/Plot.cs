namespace ClipFunctions.Probe.Reports.Html;

/// <summary>What the plots have in common.</summary>
internal static class Plot
{
    /// <summary>Opens a picture with the text for those who do not see it.</summary>
    public static Markup.Closing Open(Markup html, string id, string title, string description, double width, double height, string kind)
    {
        Markup.Closing picture = html.Open(
            "svg",
            ("class", kind),
            ("role", "img"),
            ("aria-labelledby", $"{id}-title {id}-description"),
            ("viewBox", $"0 0 {Show.Place(width)} {Show.Place(height)}"),
            ("width", Show.Place(width)),
            ("height", Show.Place(height)));
        html.Leaf("title", title, ("id", id + "-title"));
        html.Leaf("desc", description, ("id", id + "-description"));
        return picture;
    }

    public static void Line(Markup html, string kind, double x1, double y1, double x2, double y2) =>
        html.Empty("line", ("class", kind), ("x1", Show.Place(x1)), ("y1", Show.Place(y1)), ("x2", Show.Place(x2)), ("y2", Show.Place(y2)));

    public static void Text(Markup html, string text, double x, double y, string kind, string? transform = null) =>
        html.Leaf("text", text, ("class", kind), ("x", Show.Place(x)), ("y", Show.Place(y)), ("transform", transform));

    /// <summary>A rectangle; with a title, that shows when it is pointed at.</summary>
    public static void Box(Markup html, string kind, double x, double y, double width, double height, string? title = null, string? opacity = null)
    {
        using (html.Open(
            "rect",
            ("class", kind),
            ("x", Show.Place(x)),
            ("y", Show.Place(y)),
            ("width", Show.Place(Math.Max(width, 0))),
            ("height", Show.Place(Math.Max(height, 0))),
            ("fill-opacity", opacity)))
        {
            if (title is not null)
            {
                html.Leaf("title", title);
            }
        }
    }

    /// <summary>Round numbers within a range: at most about <paramref name="wanted"/> steps of 1, 2 or 5 times a power of ten.</summary>
    public static IReadOnlyList<double> Ticks(double low, double high, int wanted)
    {
        double raw = (high - low) / wanted;
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = power * ((raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
        List<double> ticks = [];
        for (double at = Math.Ceiling((low / step) - 1e-9); at * step <= high + (step * 1e-9); at++)
        {
            // Minus zero would read "-0".
            ticks.Add((at * step) + 0.0);
        }

        return ticks;
    }
}
