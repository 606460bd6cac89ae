using System.Globalization;
using System.Text.RegularExpressions;

namespace ClipFunctions.Benchmarks.Probe;

/// <summary>One fit to measure.</summary>
/// <param name="Rows">Rows of features.</param>
/// <param name="Dimension">Features of a row.</param>
/// <param name="Classes">Classes, 2 or more.</param>
/// <param name="C">The inverse strength of regularisation.</param>
/// <param name="Unit">Whether every row has length 1, as normalised embeddings have; else about 8, as CLIP's image tower gives them.</param>
internal sealed partial record ProbeCase(int Rows, int Dimension, int Classes, double C, bool Unit)
{
    /// <summary>What is measured without arguments: the mission's size first, then each of n, d, k, C and the rows' length changed.</summary>
    public static IReadOnlyList<ProbeCase> All =>
    [
        .. new[]
        {
            "50000x512x100@0.316", "50000x512x100@0.01", "50000x512x100@10", "50000x512x100@0.316/unit", "50000x512x100@316/unit", "50000x768x100@0.316",
            "50000x512x10@0.316", "50000x512x2@0.316", "10000x512x100@0.316", "2000x512x100@0.316", "10000x1024x397@0.316", "10000x768x37@0.316", "10000x512x2@0.316",
        }.Select(Parse),
    ];

    /// <summary>The features' size.</summary>
    public long Bytes => (long)Rows * Dimension * sizeof(float);

    /// <summary>Reads <c>50000x512x100@0.316</c>, with <c>/unit</c> behind it for rows of length 1.</summary>
    public static ProbeCase Parse(string text)
    {
        Match match = Form().Match(text);
        int Whole(string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
        return match.Success
            ? new ProbeCase(Whole("n"), Whole("d"), Whole("k"), double.Parse(match.Groups["c"].Value, CultureInfo.InvariantCulture), match.Groups["unit"].Success)
            : throw new ArgumentException($"'{text}' is no case; '50000x512x100@0.316' or '50000x512x100@0.316/unit' is.", nameof(text));
    }

    [GeneratedRegex(@"^(?<n>[0-9]{1,8})x(?<d>[0-9]{1,5})x(?<k>[0-9]{1,5})@(?<c>[0-9.e+-]+)(?<unit>/unit)?$")]
    private static partial Regex Form();
}
