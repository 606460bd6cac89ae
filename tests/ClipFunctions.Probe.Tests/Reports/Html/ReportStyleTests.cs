using System.Globalization;
using System.Text.RegularExpressions;
using ClipFunctions.Probe.Reports.Html;

namespace ClipFunctions.Probe.Tests.Reports.Html;

public sealed partial class ReportStyleTests
{
    private const double Readable = 4.5;

    [Theory]
    [InlineData("text")]
    [InlineData("text-soft")]
    [InlineData("accent")]
    [InlineData("danger")]
    public void TextsStandOutFromWhatIsBehindThem(string text)
    {
        foreach (string ground in new[] { "ground", "surface", "surface-sunken" })
        {
            ((int textLight, int textDark), (int groundLight, int groundDark)) = (Colour(text), Colour(ground));
            Assert.InRange(Contrast(Channels(textLight), Channels(groundLight)), Readable, 21);
            Assert.InRange(Contrast(Channels(textDark), Channels(groundDark)), Readable, 21);
        }
    }

    [Fact]
    public void NumbersInTheHeatMapStandOutFromTheirCells()
    {
        foreach (bool hit in new[] { true, false })
        {
            (int lowLight, int lowDark) = Colour("heat-low");
            (int highLight, int highDark) = Colour(hit ? "heat-hit" : "heat-miss");
            for (double strength = 0; strength <= 1; strength += 0.005)
            {
                string ink = Heat.Ink(hit, strength);
                Assert.Contains($".{ink} {{", ReportStyle.Css, StringComparison.Ordinal);
                Assert.InRange(Contrast(Ink(ink[^2]), Blend(lowLight, highLight, strength)), Readable, 21);
                Assert.InRange(Contrast(Ink(ink[^1]), Blend(lowDark, highDark, strength)), Readable, 21);
            }
        }

        static double[] Ink(char ink) => ink == 'b' ? [0, 0, 0] : [1, 1, 1];
    }

    [Fact]
    public void TheHeatMapHasTheColoursOfTheStyleSheet()
    {
        Assert.Equal(Heat.Low, Colour("heat-low"));
        Assert.Equal(Heat.Hit, Colour("heat-hit"));
        Assert.Equal(Heat.Miss, Colour("heat-miss"));
    }

    [Fact]
    public void EveryColourThatIsUsedIsDefined() => Assert.All(
        Use().Matches(ReportStyle.Css).Select(use => use.Groups[1].Value).Distinct(),
        name => Assert.Contains($"{name}:", ReportStyle.Css, StringComparison.Ordinal));

    private static (int Light, int Dark) Colour(string name)
    {
        Match match = Regex.Match(ReportStyle.Css, $@"--{name}: light-dark\(#([0-9a-f]{{6}}), #([0-9a-f]{{6}})\)");
        Assert.True(match.Success, name);
        return (int.Parse(match.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture), int.Parse(match.Groups[2].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    private static double[] Channels(int colour) => [((colour >> 16) & 255) / 255.0, ((colour >> 8) & 255) / 255.0, (colour & 255) / 255.0];

    private static double[] Blend(int low, int high, double strength) => [.. Channels(low).Zip(Channels(high), (one, other) => (one * (1 - strength)) + (other * strength))];

    private static double Contrast(double[] one, double[] other)
    {
        (double a, double b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(double[] colour)
    {
        double[] linear = [.. colour.Select(value => value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4))];
        return (0.2126 * linear[0]) + (0.7152 * linear[1]) + (0.0722 * linear[2]);
    }

    [GeneratedRegex(@"var\((--[a-z-]+)\)")]
    private static partial Regex Use();
}
