using System.Globalization;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>What one side took: seconds of an iteration, one number for each round.</summary>
internal sealed class Times(IEnumerable<double> seconds)
{
    private readonly double[] _sorted = [.. seconds.Order()];

    public double Median => _sorted[_sorted.Length / 2];

    /// <summary>The same, of a part of an iteration.</summary>
    public Times Over(int parts) => new(_sorted.Select(value => value / parts));

    /// <summary>Median, least and most.</summary>
    public override string ToString()
    {
        (double factor, string unit) = Median switch
        {
            >= 1 => (1, "s"),
            >= 1e-3 => (1e3, "ms"),
            _ => (1e6, "µs"),
        };
        return $"{Number(Median)} {unit} ({Number(_sorted[0])}–{Number(_sorted[^1])})";

        string Number(double value) => (value * factor).ToString(value * factor >= 100 ? "F0" : value * factor >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);
    }
}
