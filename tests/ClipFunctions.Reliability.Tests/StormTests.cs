using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests;

/// <summary>Each kind of disturbance under load, in a short form; the long one is <see cref="StormSoakTests"/>.</summary>
public sealed class StormTests(AzuriteServer azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KilledHostsLoseAndDoubleNothing()
    {
        StormReport report = await Storm.RunAsync(
            azurite, new StormOptions { Name = "hosts killed", Uploads = 200, KillEvery = TimeSpan.FromSeconds(2.5), Repeats = 0.1, Changes = 0.1 }, Token);

        Storm.AssertNothingLostOrDoubled(report);
    }

    [Fact]
    public async Task StorageFaultsLoseAndDoubleNothing()
    {
        StormReport report = await Storm.RunAsync(
            azurite, new StormOptions { Name = "storage faults", Uploads = 200, FaultRate = 0.05, Repeats = 0.1, Changes = 0.1 }, Token);

        Storm.AssertNothingLostOrDoubled(report);
    }

    [Fact]
    public async Task RestartsOfStorageLoseAndDoubleNothing()
    {
        await using AzuriteServer own = new();
        await own.InitializeAsync();

        StormReport report = await Storm.RunAsync(
            own, new StormOptions { Name = "storage stopped", Uploads = 200, StopStorageEvery = TimeSpan.FromSeconds(3) }, Token);

        Storm.AssertNothingLostOrDoubled(report);
    }
}
