namespace ClipFunctions.Probe.Reports.Html;

/// <summary>From numbers to places along an axis.</summary>
/// <param name="Low">The number at <paramref name="Start"/>.</param>
/// <param name="High">The number at <paramref name="End"/>, above <paramref name="Low"/>.</param>
/// <param name="Start">The place of the lowest number.</param>
/// <param name="End">The place of the highest number.</param>
internal readonly record struct Scale(double Low, double High, double Start, double End)
{
    /// <summary>An axis on which all numbers have room: a share of their range at both ends, and never less than a least amount.</summary>
    public static Scale Over(IEnumerable<double> numbers, double room, double least, double start, double end)
    {
        double[] all = [.. numbers];
        double low = all.Min();
        double high = all.Max();
        double beyond = Math.Max((high - low) * room, least);
        return new Scale(low - beyond, high + beyond, start, end);
    }

    public double At(double number) => Start + ((number - Low) / (High - Low) * (End - Start));

    /// <summary>The same axis without what lies outside of these.</summary>
    public Scale Within(double lowest, double highest) => this with { Low = Math.Max(Low, lowest), High = Math.Min(High, highest) };
}
