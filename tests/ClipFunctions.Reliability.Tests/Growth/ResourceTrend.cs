using System.Globalization;

namespace ClipFunctions.Reliability.Tests.Growth;

/// <summary>How what a process holds grew, by least squares over the samples after a warm-up.</summary>
internal sealed class ResourceTrend
{
    private readonly ResourceSample[] _samples;

    /// <param name="samples">In their order.</param>
    /// <param name="warmUp">The share of the time that does not count.</param>
    public ResourceTrend(IReadOnlyList<ResourceSample> samples, double warmUp)
    {
        double from = samples[^1].Time * warmUp;
        _samples = [.. samples.Where(sample => sample.Time >= from)];
    }

    /// <summary>The time that counts, in seconds.</summary>
    public double Seconds => _samples[^1].Time - _samples[0].Time;

    /// <summary>The growth over that time, of the line that fits best.</summary>
    public double Growth(Func<ResourceSample, double> of)
    {
        double time = _samples.Average(sample => sample.Time);
        double mean = _samples.Average(of);
        double covariance = _samples.Sum(sample => (sample.Time - time) * (of(sample) - mean));
        double variance = _samples.Sum(sample => (sample.Time - time) * (sample.Time - time));
        return covariance / variance * Seconds;
    }

    /// <summary>Fails if more was added than that.</summary>
    public void AssertFlat(double megabytes, double handles, double threads, string output)
    {
        Assert.True(_samples.Length >= 8, $"{_samples.Length} samples are too few.");
        Assert.True(
            Growth(sample => sample.WorkingSet) <= megabytes && Growth(sample => sample.Private) <= megabytes
                && Growth(sample => sample.Handles) <= handles && Growth(sample => sample.Threads) <= threads,
            $"{this}\n{string.Join('\n', _samples.Select(sample => sample.ToString()))}\n{(output.Length > 4000 ? output[^4000..] : output)}");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Seconds:F0} s: {Line("working set", "MB", sample => sample.WorkingSet)}; {Line("private memory", "MB", sample => sample.Private)}; {Line("handles", "", sample => sample.Handles)}; {Line("threads", "", sample => sample.Threads)}");

    private string Line(string what, string unit, Func<ResourceSample, double> of) =>
        string.Create(CultureInfo.InvariantCulture, $"{what} {_samples.Average(of):F0} {unit} {Growth(of):+0.0;-0.0}").Replace("  ", " ", StringComparison.Ordinal);
}
