using ClipFunctions.Probe.Reports.Html;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Reports.Html;

public sealed class ShowTests
{
    [Theory]
    [InlineData(0, "0.0 %")]
    [InlineData(0.0004, "< 0.1 %")]
    [InlineData(0.001, "0.1 %")]
    [InlineData(0.5, "50.0 %")]
    [InlineData(0.87654, "87.7 %")]
    [InlineData(0.9999, "> 99.9 %")]
    [InlineData(1, "100.0 %")]
    public void SharesAreShownInPerCent(double share, string shown) => Assert.Equal(shown, Show.Percent(share).Replace('\u00a0', ' '));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(0.316, "0.316")]
    [InlineData(0.31622776, "0.3162")]
    [InlineData(0.0099999, "0.01")]
    [InlineData(9.99999, "10")]
    [InlineData(999.99, "1,000")]
    [InlineData(12.5, "12.5")]
    [InlineData(512.7, "512.7")]
    [InlineData(1234.5678, "1,235")]
    [InlineData(1234567, "1,234,567")]
    [InlineData(10_000_000, "10⁷")]
    [InlineData(3.21e-6, "3.21 × 10⁻⁶")]
    [InlineData(1e-300, "10⁻³⁰⁰")]
    public void NumbersHaveFourDigits(double number, string shown) => Assert.Equal(shown, Show.Number(number).Replace('\u00a0', ' '));

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(0.0042, "4.2 ms")]
    [InlineData(0.42, "420 ms")]
    [InlineData(0.99951, "1.0 s")]
    [InlineData(61.3, "61.3 s")]
    [InlineData(99.96, "1 min 40 s")]
    [InlineData(3599.6, "1 h 0 min")]
    [InlineData(90_061, "25 h 1 min")]
    public void TimesAreShownInTheirUnit(double seconds, string shown) => Assert.Equal(shown, Show.Seconds(seconds).Replace('\u00a0', ' '));

    [Theory]
    [InlineData(999, "999")]
    [InlineData(1_234, "1.2k")]
    [InlineData(9_960, "10k")]
    [InlineData(999_499, "999k")]
    [InlineData(999_500, "1M")]
    [InlineData(int.MaxValue, "2.1G")]
    public void LargeCountsAreShortened(int count, string shown) => Assert.Equal(shown, Show.Compact(count));

    [Theory]
    [InlineData("cat", "cat")]
    [InlineData("a rather long name", "a rather l…")]
    [InlineData("猫猫猫猫猫猫猫", "猫猫猫猫猫…")]
    [InlineData("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧…")]
    public void LongNamesAreCutBetweenLetters(string name, string shown) => Assert.Equal(shown, Show.Short(name, 10));

    [Fact]
    public void TicksLieWithinTheirRangeAndAreFew() => Gen.Select(Gen.Double[-1e3, 1e3], Gen.Double[1e-3, 1e3]).Sample((low, length) =>
    {
        IReadOnlyList<double> ticks = Plot.Ticks(low, low + length, 5);
        Assert.InRange(ticks.Count, 1, 6);
        Assert.All(ticks, tick => Assert.InRange(tick, low - (length * 1e-6), low + (length * (1 + 1e-6))));
    });

    [Fact]
    public void NoTickIsMinusZero() => Assert.All(Plot.Ticks(-1e-12, 1, 5), tick => Assert.False(double.IsNegative(tick)));
}
