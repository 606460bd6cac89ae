using System.Globalization;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>What a storm did, and what became of the uploads.</summary>
/// <param name="Options">What was wanted.</param>
/// <param name="Seed">Of all that was drawn.</param>
/// <param name="Injected">What was done how often, in words.</param>
/// <param name="Versions">Pictures uploaded, replaced ones too.</param>
/// <param name="Verdict">The uploads afterwards.</param>
/// <param name="Replayed">Messages put back from the poison queue.</param>
/// <param name="Recovery">From the last disturbance to the last picture.</param>
/// <param name="Duration">Of all.</param>
/// <param name="HostOutput">What the hosts printed.</param>
internal sealed record StormReport(
    StormOptions Options,
    int Seed,
    string Injected,
    int Versions,
    Verdict Verdict,
    int Replayed,
    TimeSpan Recovery,
    TimeSpan Duration,
    string HostOutput)
{
    /// <summary>A row of the table in <c>docs/reliability.md</c>.</summary>
    public string Row => string.Create(
        CultureInfo.InvariantCulture,
        $"| {Options.Name} | {Injected} | {Versions:N0} | {Verdict.Lost.Count + Verdict.Wrong.Count} | {Verdict.Doubled.Count} | {Replayed} | {Recovery.TotalSeconds:F1} s |");
}
