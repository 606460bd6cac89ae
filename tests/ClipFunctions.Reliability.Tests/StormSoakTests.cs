using System.Globalization;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests;

/// <summary>
/// The long forms of <see cref="StormTests"/>: <c>./test.sh --soak</c>. <c>CLIP_SOAK_UPLOADS</c> tells how many uploads the last one has (10,000), the
/// others a tenth; each prints its row of the table in <c>docs/reliability.md</c>.
/// </summary>
[Trait("Category", "Soak")]
[Collection("Soak")]
public sealed class StormSoakTests
{
    private static readonly int Uploads =
        int.TryParse(Environment.GetEnvironmentVariable("CLIP_SOAK_UPLOADS"), CultureInfo.InvariantCulture, out int uploads) ? uploads : 10_000;

    public static TheoryData<string> Storms => ["hosts killed", "storage faults", "storage stopped", "events twice, late; pictures replaced, deleted"];

    [Theory(Explicit = true)]
    [MemberData(nameof(Storms))]
    public async Task EachKindOfDisturbanceLosesAndDoublesNothing(string name)
    {
        StormOptions plain = new() { Name = name, Uploads = Math.Max(100, Uploads / 10), UploadsPerSecond = 60, Patience = 300 };
        await RunAsync(name switch
        {
            "hosts killed" => plain with { KillEvery = TimeSpan.FromSeconds(4) },
            "storage faults" => plain with { FaultRate = 0.1 },
            "storage stopped" => plain with { StopStorageEvery = TimeSpan.FromSeconds(6) },
            _ => plain with { Changes = 0.5, Repeats = 0.5 },
        });
    }

    [Fact(Explicit = true)]
    public Task AllKindsAtOnceLoseAndDoubleNothing() => RunAsync(new StormOptions
    {
        Name = "all of it",
        Uploads = Uploads,
        UploadsPerSecond = 60,
        KillEvery = TimeSpan.FromSeconds(15),
        StopStorageEvery = TimeSpan.FromSeconds(40),
        FaultRate = 0.02,
        Changes = 0.05,
        Repeats = 0.05,
        Patience = 1800,
    });

    private static async Task RunAsync(StormOptions options)
    {
        await using AzuriteServer azurite = new();
        await azurite.InitializeAsync();
        Storm.AssertNothingLostOrDoubled(await Storm.RunAsync(azurite, options, TestContext.Current.CancellationToken));
    }
}
