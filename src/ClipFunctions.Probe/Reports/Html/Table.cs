namespace ClipFunctions.Probe.Reports.Html;

/// <summary>A table that scrolls in its own box where the page is narrow.</summary>
internal static class Table
{
    /// <param name="html">Where it goes.</param>
    /// <param name="caption">What it holds, for those who do not see it.</param>
    /// <param name="columns">The headings; those of numbers stand at the right.</param>
    /// <param name="rows">The cells; the first of a row names it.</param>
    public static void Write(Markup html, string caption, IReadOnlyList<(string Heading, bool Number)> columns, IEnumerable<Cell[]> rows)
    {
        using (html.Open("div", ("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption)))
        using (html.Open("table"))
        {
            html.Leaf("caption", caption, ("class", "unseen"));
            using (html.Open("thead"))
            using (html.Open("tr"))
            {
                foreach ((string heading, bool number) in columns)
                {
                    html.Leaf("th", heading, ("scope", "col"), ("class", number ? "number" : null));
                }
            }

            using (html.Open("tbody"))
            {
                foreach (Cell[] row in rows)
                {
                    using (html.Open("tr"))
                    {
                        for (int column = 0; column < row.Length; column++)
                        {
                            Write(html, row[column], first: column == 0, columns[column].Number);
                        }
                    }
                }
            }
        }
    }

    private static void Write(Markup html, Cell cell, bool first, bool number)
    {
        using (first ? html.Open("th", ("scope", "row"), ("class", number ? "number" : null)) : html.Open("td", ("class", number ? "number" : null)))
        {
            if (cell.Exact is { } exact)
            {
                html.Data(cell.Text, exact);
            }
            else
            {
                html.Text(cell.Text);
            }
        }
    }
}
