using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Testing;

namespace ClipFunctions.Checkpoints.Tests;

/// <summary>The bundle that ships is what the converter of this very code makes of the trained weights.</summary>
public class DemoBundleTests
{
    [Fact]
    public async Task TheShippedBundleIsWholeAndUpToDate()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        string source = Path.Combine(RepositoryPaths.DemoBundle, "source");
        ModelBundle shipped = ModelBundle.Open(RepositoryPaths.DemoBundle);
        await shipped.VerifyAsync(cancellationToken);
        Assert.NotEmpty(LabelSet.Load(shipped.LabelsPath!).Labels);

        using TemporaryFolder folder = new();
        ModelBundle fresh = await CheckpointConverter.ConvertAsync(source, folder["demo"], new ConversionOptions { Weights = shipped.Manifest.Weights }, cancellationToken: cancellationToken);
        Assert.True(
            shipped.Fingerprint == fresh.Fingerprint,
            "models/demo is not what the converter makes of models/demo/source: run `dotnet run --project tools/convert-demo` and commit the result.");
        Assert.Equal(fresh.Manifest.Files, shipped.Manifest.Files);
    }
}
