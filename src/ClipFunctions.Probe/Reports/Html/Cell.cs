namespace ClipFunctions.Probe.Reports.Html;

/// <summary>A cell of a <see cref="Table"/>.</summary>
/// <param name="Text">What it shows.</param>
/// <param name="Exact">The exact number, or null if it is a text.</param>
internal readonly record struct Cell(string Text, string? Exact = null)
{
    public static Cell Share(double share) => new(Show.Percent(share), Show.Exact(share));

    public static Cell Count(int count) => new(Show.Count(count), Show.Exact(count));

    public static Cell Number(double number) => new(Show.Number(number), Show.Exact(number));
}
