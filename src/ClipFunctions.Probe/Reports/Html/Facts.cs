namespace ClipFunctions.Probe.Reports.Html;

/// <summary>The lines of a list of facts.</summary>
internal sealed class Facts(Markup html)
{
    public void Text(string name, string value) => Write(name, null, () => html.Text(value));

    public void Name(string name, string value) => Write(name, null, () => html.Name(value));

    public void Code(string name, string value) => Write(name, "code", () => html.Leaf("code", value));

    public void Count(string name, int value) => Write(name, null, () => html.Count(value));

    public void Number(string name, double value, string before = "") => Write(name, null, () =>
    {
        html.Text(before);
        html.Number(value);
    });

    public void Seconds(string name, double? value)
    {
        if (value is { } seconds)
        {
            Write(name, null, () => html.Data(Show.Seconds(seconds), Show.Exact(seconds)));
        }
    }

    private void Write(string name, string? kind, Action value)
    {
        using (html.Open("div", ("class", kind)))
        {
            html.Leaf("dt", name);
            using (html.Open("dd"))
            {
                value();
            }
        }
    }
}
