using System.Globalization;
using System.Text;

namespace ClipFunctions.Probe.Reports.Html;

/// <summary>The confusion heat map: rows are what pictures are, columns what they were taken for, colours the share of the row.</summary>
internal static class ConfusionPlot
{
    /// <summary>Up to here a cell has its number.</summary>
    public const int NumberedClasses = 25;

    /// <summary>Up to here every class has its name and every cell its own element.</summary>
    public const int NamedClasses = 50;

    private const int PointedClasses = 100;
    private const int PointedCells = 300;
    private const int MostGroups = 250;
    private const int DenseWidth = 640;
    private const int DenseNames = 24;
    private const int Levels = 12;
    private const int LongestName = 18;
    private const int LongestTitle = 80;
    private const double LetterWidth = 6.7;

    public static void Write(Markup html, EvaluationReport report)
    {
        int classes = report.Dataset.Classes.Count;
        if (classes <= NamedClasses)
        {
            WriteCells(html, report);
        }
        else
        {
            WriteDense(html, report);
        }

    }

    private static void WriteCells(Markup html, EvaluationReport report)
    {
        IReadOnlyList<string> names = report.Dataset.Classes;
        int classes = names.Count;
        bool numbered = classes <= NumberedClasses;
        double cell = numbered ? Math.Clamp(540.0 / classes, 34, 92) : 17;
        double gap = numbered ? 2 : 1;
        Frame frame = Frame.Around(names, classes, cell, numbered ? 45 : 60);
        using (Open(html, report, frame))
        {
            WriteGround(html, frame, cell, gap);
            for (int row = 0; row < classes; row++)
            {
                long total = report.Confusion[row].Sum(count => (long)count);
                for (int column = 0; column < classes; column++)
                {
                    int count = report.Confusion[row][column];
                    if (count == 0)
                    {
                        continue;
                    }

                    double share = (double)count / total;
                    double strength = Heat.Strength(share);
                    double x = frame.Left + (column * cell);
                    double y = frame.Top + (row * cell);
                    bool hit = row == column;
                    Plot.Box(html, hit ? "hit" : "miss", x + (gap / 2), y + (gap / 2), cell - gap, cell - gap, Title(names, row, column, count, share), Opacity(strength));
                    if (numbered)
                    {
                        Plot.Text(html, count < 10_000 ? Show.Exact(count) : Show.Compact(count), x + (cell / 2), y + (cell / 2) + 4, $"inside {Heat.Ink(hit, strength)}");
                    }
                }
            }

            for (int at = 0; at < classes; at++)
            {
                WriteName(html, frame, names[at], (at + 0.5) * cell);
            }
        }
    }

    private static void WriteGround(Markup html, Frame frame, double cell, double gap)
    {
        using (html.Open("defs"))
        using (html.Open(
            "pattern",
            ("id", "cells"),
            ("patternUnits", "userSpaceOnUse"),
            ("x", Show.Place(frame.Left)),
            ("y", Show.Place(frame.Top)),
            ("width", Show.Place(cell)),
            ("height", Show.Place(cell))))
        {
            Plot.Box(html, "no-heat", gap / 2, gap / 2, cell - gap, cell - gap);
        }

        html.Empty("rect", ("x", Show.Place(frame.Left)), ("y", Show.Place(frame.Top)), ("width", Show.Place(frame.Side)), ("height", Show.Place(frame.Side)), ("fill", "url(#cells)"));
    }

    /// <summary>Cells of about the same colour share one path, so that many classes stay a small file; neighbours are taken together where they would be too small to see.</summary>
    private static void WriteDense(Markup html, EvaluationReport report)
    {
        IReadOnlyList<string> names = report.Dataset.Classes;
        int together = (names.Count + MostGroups - 1) / MostGroups;
        int[][] counts = Together(report.Confusion, together);
        double cell = (double)DenseWidth / counts.Length;
        int step = (names.Count + DenseNames - 1) / DenseNames;
        Frame frame = Frame.Around([.. names.Where((_, at) => at % step == 0)], counts.Length, cell, 45);
        using (Open(html, report, frame))
        {
            Plot.Box(html, "no-heat", frame.Left, frame.Top, frame.Side, frame.Side);
            foreach (bool hit in new[] { true, false })
            {
                StringBuilder[] paths = Paths(counts, hit);
                for (int level = 0; level < Levels; level++)
                {
                    if (paths[level].Length > 0)
                    {
                        html.Empty(
                            "path",
                            ("class", hit ? "hit" : "miss"),
                            ("fill-opacity", Opacity((level + 1.0) / Levels)),
                            ("transform", $"translate({Show.Place(frame.Left)} {Show.Place(frame.Top)}) scale({cell.ToString("0.####", CultureInfo.InvariantCulture)})"),
                            ("d", paths[level].ToString()));
                    }
                }
            }

            if (names.Count <= PointedClasses)
            {
                WritePointed(html, report, frame, cell);
            }

            for (int at = 0; at < names.Count; at += step)
            {
                double place = (at + 0.5) * frame.Side / (counts.Length * (double)together);
                Plot.Line(html, "tick", frame.Left - 4, frame.Top + place, frame.Left, frame.Top + place);
                Plot.Line(html, "tick", frame.Left + place, frame.Top - 4, frame.Left + place, frame.Top);
                WriteName(html, frame, names[at], place);
            }
        }

        if (together > 1)
        {
            html.Leaf("p", $"Each row and column stands for {Show.Count(together)} classes; what is mistaken among them counts as right here.", ("class", "hint"));
        }
    }

    private static int[][] Together(IReadOnlyList<IReadOnlyList<int>> confusion, int together)
    {
        int groups = (confusion.Count + together - 1) / together;
        int[][] counts = [.. Enumerable.Range(0, groups).Select(_ => new int[groups])];
        for (int row = 0; row < confusion.Count; row++)
        {
            for (int column = 0; column < confusion.Count; column++)
            {
                ref int count = ref counts[row / together][column / together];
                count = (int)Math.Min((long)count + confusion[row][column], int.MaxValue);
            }
        }

        return counts;
    }

    private static StringBuilder[] Paths(int[][] counts, bool hit)
    {
        StringBuilder[] paths = [.. Enumerable.Range(0, Levels).Select(_ => new StringBuilder())];
        for (int row = 0; row < counts.Length; row++)
        {
            long total = counts[row].Sum(count => (long)count);
            int column = 0;
            while (column < counts.Length)
            {
                int level = Level(column);
                int first = column++;
                while (column < counts.Length && Level(column) == level)
                {
                    column++;
                }

                if (level >= 0)
                {
                    paths[level].Append(CultureInfo.InvariantCulture, $"M{first} {row}h{column - first}v1h{first - column}z");
                }
            }

            int Level(int at) => counts[row][at] == 0 || (at == row) != hit ? -1 : Math.Max((int)Math.Ceiling(Heat.Strength((double)counts[row][at] / total) * Levels) - 1, 0);
        }

        return paths;
    }

    private static void WritePointed(Markup html, EvaluationReport report, Frame frame, double cell)
    {
        IReadOnlyList<string> names = report.Dataset.Classes;
        var worst = report.Confusion
            .SelectMany((row, actual) => row.Select((count, predicted) => (Actual: actual, Predicted: predicted, Count: count)))
            .Where(one => one.Count > 0 && one.Actual != one.Predicted)
            .OrderByDescending(one => one.Count)
            .ThenBy(one => one.Actual)
            .ThenBy(one => one.Predicted)
            .Take(PointedCells);
        foreach ((int actual, int predicted, int count) in worst)
        {
            double share = (double)count / report.Confusion[actual].Sum(one => (long)one);
            Plot.Box(html, "pointed", frame.Left + (predicted * cell), frame.Top + (actual * cell), cell, cell, Title(names, actual, predicted, count, share));
        }
    }

    private static Markup.Closing Open(Markup html, EvaluationReport report, Frame frame)
    {
        Markup.Closing picture = Plot.Open(
            html,
            "confusion",
            "Confusion heat map",
            $"Rows are the {Show.Counted(report.Dataset.Classes.Count, "class", "classes")} that pictures are of, columns what they were taken for. "
                + "The diagonal holds what is right. The tables of the worst confusions and of all classes have the numbers.",
            frame.Width,
            frame.Height,
            "heat-map");
        Plot.Text(html, "Actual ↓", frame.Left - 8, frame.Top - 8, "axis end");
        Plot.Text(html, "Predicted →", frame.Left, 12, "axis");
        return picture;
    }

    private static void WriteName(Markup html, Frame frame, string name, double place)
    {
        string shown = Show.Short(name, LongestName);
        Plot.Text(html, shown, frame.Left - 8, frame.Top + place + 4, "name end");
        double y = frame.Top - 8;
        if (frame.Slant == 0)
        {
            Plot.Text(html, shown, frame.Left + place, y, "name middle");
            return;
        }

        double x = frame.Left + place + 3;
        Plot.Text(html, shown, x, y, "name", $"rotate({Show.Place(-frame.Slant)} {Show.Place(x)} {Show.Place(y)})");
    }

    public static void WriteLegend(Markup html)
    {
        double[] shares = [0.01, 0.05, 0.2, 0.5, 1];
        using (html.Open("dl", ("class", "legend"), ("aria-label", "Colours of the heat map")))
        {
            foreach ((string name, string kind) in new[] { ("Right", "hit"), ("Wrong", "miss") })
            {
                using (html.Open("div"))
                {
                    html.Leaf("dt", name);
                    foreach (double share in shares)
                    {
                        using (html.Open("dd"))
                        {
                            using (html.Open("svg", ("class", "swatch"), ("viewBox", "0 0 14 14"), ("width", "14"), ("height", "14"), ("aria-hidden", "true")))
                            {
                                Plot.Box(html, "no-heat", 0, 0, 14, 14);
                                Plot.Box(html, kind, 0, 0, 14, 14, opacity: Opacity(Heat.Strength(share)));
                            }

                            html.Text(Show.RoundPercent(share));
                        }
                    }
                }
            }
        }
    }

    private static string Title(IReadOnlyList<string> names, int actual, int predicted, int count, double share)
    {
        string name = Show.Short(names[actual], LongestTitle);
        return actual == predicted
            ? $"{name}: {Show.Count(count)} right ({Show.Percent(share)})"
            : $"{name} taken for {Show.Short(names[predicted], LongestTitle)}: {Show.Count(count)} ({Show.Percent(share)})";
    }

    private static string Opacity(double strength) => strength.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>Where the square of cells lies. Names stand at its left, and above it level or slanted by some degrees.</summary>
    private readonly record struct Frame(double Left, double Top, double Side, double Width, double Height, int Slant)
    {
        public static Frame Around(IReadOnlyList<string> names, int cells, double cell, int slant)
        {
            double longest = Math.Ceiling(names.Max(name => Show.Width(Show.Short(name, LongestName))) * LetterWidth);
            bool level = cells == names.Count && longest < cell - 6;
            (double sine, double cosine) = level ? (0, 0) : Math.SinCos(slant * Math.PI / 180);
            double left = Math.Max(longest, 50) + 14;
            double top = Math.Ceiling(longest * sine) + 42;
            double side = cells * cell;
            return new Frame(left, top, side, left + side + Math.Ceiling(longest * cosine) + 12, top + side + 4, level ? 0 : slant);
        }
    }
}
