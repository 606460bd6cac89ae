using System.Security.Cryptography;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.Clip.Tests.Bundles;

public sealed class ModelBundleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("clip-bundle-").FullName;

    public ModelBundleTests()
    {
        List<BundleFile> files = [];
        foreach (BundleFile file in BundleManifestTests.Manifest.Files)
        {
            byte[] content = [.. Enumerable.Repeat((byte)file.Size, (int)file.Size)];
            File.WriteAllBytes(Path.Combine(_folder, file.Name), content);
            files.Add(file with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)) });
        }

        (BundleManifestTests.Manifest with { Files = files }).Save(Path.Combine(_folder, BundleManifest.FileName));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AWholeBundleOpensAndVerifies()
    {
        ModelBundle bundle = ModelBundle.Open(_folder);
        await bundle.VerifyAsync(Token);
        Assert.Equal("demo", bundle.Id);
        Assert.Equal(15, bundle.Size);
        Assert.Equal(bundle.Manifest.Fingerprint, bundle.Fingerprint);
        Assert.Equal(Path.Combine(_folder, "labels.json"), bundle.LabelsPath);
        Assert.Throws<ArgumentException>(() => bundle.PathOf("../x"));
    }

    [Fact]
    public void AFolderWithoutAManifestOpensWithOneThatIsGiven()
    {
        BundleManifest manifest = ModelBundle.Open(_folder).Manifest;
        File.Delete(Path.Combine(_folder, BundleManifest.FileName));
        ModelBundle bundle = ModelBundle.FromManifest(_folder, manifest);
        Assert.Equal((Path.GetFullPath(_folder), manifest.Fingerprint), (bundle.Folder, bundle.Fingerprint));
        Assert.False(File.Exists(Path.Combine(_folder, BundleManifest.FileName)));
        Assert.Throws<InvalidBundleException>(() => ModelBundle.FromManifest(_folder, manifest with { Id = "" }));
        File.Delete(bundle.PathOf("visual.onnx"));
        Assert.Throws<InvalidBundleException>(() => ModelBundle.FromManifest(_folder, manifest));
    }

    [Fact]
    public async Task AFlippedBitIsFoundWithBothHashes()
    {
        File.WriteAllBytes(Path.Combine(_folder, "textual.onnx"), [2, 3]);
        ModelBundle bundle = ModelBundle.Open(_folder);
        InvalidBundleException exception = await Assert.ThrowsAsync<InvalidBundleException>(() => bundle.VerifyAsync(Token));
        Assert.EndsWith("textual.onnx", exception.File, StringComparison.Ordinal);
        Assert.Contains("SHA-256 expected", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingOrCutFileIsFoundAtOnce()
    {
        File.WriteAllBytes(Path.Combine(_folder, "textual.onnx"), [2]);
        Assert.Contains("expected 2 bytes, found 1", Assert.Throws<InvalidBundleException>(() => ModelBundle.Open(_folder)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "textual.onnx"));
        Assert.Contains("there is no such file", Assert.Throws<InvalidBundleException>(() => ModelBundle.Open(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutAManifestAndNoFolderAtAllAreTold()
    {
        File.Delete(Path.Combine(_folder, BundleManifest.FileName));
        Assert.Contains("clip.json", Assert.Throws<InvalidBundleException>(() => ModelBundle.Open(_folder)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidBundleException>(() => ModelBundle.Open(Path.Combine(_folder, "none")));
    }

    [Fact]
    public void AManifestOfUnreasonableSizeIsNotRead()
    {
        File.WriteAllBytes(Path.Combine(_folder, BundleManifest.FileName), new byte[BundleManifest.MaximumBytes + 1]);
        Assert.Contains("1048577 bytes are more", Assert.Throws<InvalidBundleException>(() => ModelBundle.Open(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerificationCanBeCancelled()
        => await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ModelBundle.Open(_folder).VerifyAsync(new CancellationToken(true)));
}
