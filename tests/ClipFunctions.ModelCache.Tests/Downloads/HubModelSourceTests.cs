using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

public sealed class HubModelSourceTests
{
    private const string Folder = "ViT-S-4.fp32";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", HubServer.Commit)]
    [InlineData("", "main")]
    [InlineData("/mirror", "main")]
    public async Task MakesABundleThatRuns(string basePath, string revision)
    {
        await using PublishedModel model = await PublishedModel.StartAsync(basePath);
        CatalogEntry entry = PublishedModel.Entry(PublishedModel.Source(revision)) with { Activation = ActivationKind.Gelu, Mean = [0.5f, 0.5f, 0.5f], Std = [0.5f, 0.5f, 0.5f] };

        ModelBundle bundle = Assert.IsType<ModelBundle>(await model.PullAsync(entry));

        Assert.Equal("ViT-S/4", bundle.Id);
        Assert.Equal(Path.Combine(model.CacheDirectory, Folder), bundle.Folder);
        Assert.Equal(new ModelSource { Url = model.Request().Address.AbsoluteUri, Revision = HubServer.Commit, Sha256 = HubServer.Hash(PublishedModel.Bytes) }, bundle.Manifest.Source);
        Assert.Equal(entry.Mean, bundle.Manifest.Preprocessing.Mean);
        Assert.Equal(ActivationKind.Gelu, bundle.Manifest.Architecture.Activation);
        Assert.All(model.Kept, file => Assert.StartsWith(Folder, file, StringComparison.Ordinal));
        using ClipModel loaded = await ClipModel.LoadAsync(bundle, cancellationToken: Token);
        Assert.Equal(24, loaded.EncodeText(["the cat"], cancellationToken: Token).Dimension);
    }

    [Theory]
    [InlineData("someone/clip", null)]
    [InlineData("ViT-S/4", ModelPrecision.Fp32)]
    [InlineData("vit-s/4", null)]
    public async Task FindsTheBundleThatIsThere(string id, ModelPrecision? precision)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        ModelBundle made = Assert.IsType<ModelBundle>(await model.PullAsync(PublishedModel.Entry()));
        int requests = model.Server.Requests.Count;

        ModelBundle? found = await model.PullAsync(PublishedModel.Entry(), new ModelRequest(id, precision), new ModelCacheOptions { Offline = true });

        Assert.Equal(made.Fingerprint, found?.Fingerprint);
        Assert.Equal(made.Folder, found?.Folder);
        Assert.Equal(requests, model.Server.Requests.Count);
    }

    [Fact]
    public async Task HasNoModelThatTheCatalogueLacks()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();

        Assert.Null(await model.PullAsync(PublishedModel.Entry(), new ModelRequest("ViT-S/5")));
        Assert.Empty(model.Server.Requests);
    }

    [Fact]
    public async Task GoesOnWhereAPullStopped()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, model.CutAt(PublishedModel.Bytes.Length / 10 * 6), new HubFault { Status = 500 }, new HubFault { Status = 500 });
        await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(PublishedModel.Entry()));

        Assert.NotNull(await model.PullAsync(PublishedModel.Entry()));

        Assert.InRange(model.Server.Bodies(PublishedModel.Checkpoint).Sum(request => request.Sent), PublishedModel.Bytes.Length, PublishedModel.Bytes.Length * 3 / 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LeavesNothingInTheCacheAfterAFlippedByte(bool inTheCatalogue)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Fail(PublishedModel.Checkpoint, new HubFault { FlipAt = PublishedModel.Bytes.Length / 3 });
        string? hash = inTheCatalogue ? HubServer.Hash(PublishedModel.Bytes) : null;

        // The second source has it right, but bytes that are not the published ones are not passed over.
        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(PublishedModel.Entry(PublishedModel.Source(sha256: hash), PublishedModel.Source(sha256: hash))));

        Assert.Equal(DownloadFault.HashMismatch, exception.Fault);
        Assert.Empty(model.Kept);
        Assert.Single(model.Server.Bodies(PublishedModel.Checkpoint));
    }

    [Theory]
    [InlineData(HubServer.Commit)]
    [InlineData("main")]
    public async Task SeesBeforeTheDownloadThatTheHubHasAnotherFileThanTheCatalogue(string revision)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        string another = new('a', 64);

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(PublishedModel.Entry(PublishedModel.Source(revision, another))));

        Assert.Equal(DownloadFault.HashMismatch, exception.Fault);
        Assert.Equal((another, HubServer.Hash(PublishedModel.Bytes)), (exception.Expected, exception.Actual));
        Assert.Equal(0, model.Server.Bodies(PublishedModel.Checkpoint).Sum(request => request.Sent));
        Assert.Empty(model.Kept);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TakesTheNextSourceWhereOneHasNoSuchFile(bool api)
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.HasApi = api;

        ModelBundle? bundle = await model.PullAsync(PublishedModel.Entry(PublishedModel.Source(checkpoint: "none.safetensors"), PublishedModel.Source()));

        Assert.NotNull(bundle);
        Assert.EndsWith(PublishedModel.Checkpoint, bundle.Manifest.Source!.Url, StringComparison.Ordinal);
        Assert.Equal(HubServer.Commit, bundle.Manifest.Source.Revision);
    }

    [Fact]
    public async Task TellsOfEverySourceThatFailed()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        CatalogEntry entry = PublishedModel.Entry(PublishedModel.Source(checkpoint: "none.safetensors"), PublishedModel.Source("main", checkpoint: "neither.safetensors"));

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(entry));

        Assert.Equal(DownloadFault.NotFound, exception.Fault);
        Assert.Contains("none.safetensors", exception.Message, StringComparison.Ordinal);
        Assert.Contains("neither.safetensors", exception.Message, StringComparison.Ordinal);
        Assert.Empty(model.Kept);
    }

    [Fact]
    public async Task TakesFilesFromAddressesOfTheirOwn()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        CatalogSource source = new()
        {
            Files =
            [
                new CatalogFile { Name = "ViT-S-4.safetensors", Url = new Uri(model.Server.ContentAddress, $"/blobs/{HubServer.Hash(PublishedModel.Bytes)}?{HubServer.Signature}").AbsoluteUri, Sha256 = HubServer.Hash(PublishedModel.Bytes) },
                new CatalogFile { Name = PublishedModel.Vocabulary, Url = model.Request().Address.AbsoluteUri.Replace(PublishedModel.Checkpoint, PublishedModel.Vocabulary, StringComparison.Ordinal) },
                new CatalogFile { Name = "more.json", Url = model.Request().Address.AbsoluteUri.Replace(PublishedModel.Checkpoint, "more.json", StringComparison.Ordinal), Optional = true },
            ],
        };

        ModelBundle? bundle = await model.PullAsync(PublishedModel.Entry(source));

        Assert.Null(bundle!.Manifest.Source!.Revision);
        Assert.EndsWith(HubServer.Hash(PublishedModel.Bytes), bundle.Manifest.Source.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DoesNotAskForWhatItIsForbiddenToFetch()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(PublishedModel.Entry(), options: new ModelCacheOptions { Offline = true }));

        Assert.Equal(DownloadFault.Offline, exception.Fault);
        Assert.Contains("ViT-S/4", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Clip:Offline", exception.Message, StringComparison.Ordinal);
        Assert.Contains(model.CacheDirectory, exception.Message, StringComparison.Ordinal);
        Assert.Empty(model.Server.Requests);
    }

    [Fact]
    public async Task WantsTheLicenceToBeAgreedTo()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        CatalogEntry entry = PublishedModel.Entry() with { LicenceConsent = true };

        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => model.PullAsync(entry, options: new ModelCacheOptions { AcceptedLicences = ["mit"] }));

        Assert.Equal(DownloadFault.LicenceNotAccepted, exception.Fault);
        Assert.Contains("apple-amlr", exception.Message, StringComparison.Ordinal);
        Assert.Contains("https://example.org/licence", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Clip:AcceptedLicences", exception.Message, StringComparison.Ordinal);
        Assert.Empty(model.Server.Requests);
        Assert.NotNull(await model.PullAsync(entry, options: new ModelCacheOptions { AcceptedLicences = ["Apple-AMLR"] }));
    }

    [Fact]
    public async Task PullsOnceForAllWhoAskAtOnce()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();

        ModelBundle?[] bundles = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => model.PullAsync(PublishedModel.Entry()), Token)));

        Assert.Single(bundles.Select(bundle => bundle!.Fingerprint).Distinct());
        Assert.Single(model.Server.Bodies(PublishedModel.Checkpoint));
    }

    [Fact]
    public async Task KeepsTheCheckpointIfAskedTo()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        await model.PullAsync(PublishedModel.Entry(), options: new ModelCacheOptions { KeepCheckpoints = true });
        Assert.Contains(Path.Combine(".downloads", "ViT-S-4", "source1", PublishedModel.Checkpoint), model.Kept);
        Directory.Delete(Path.Combine(model.CacheDirectory, Folder), recursive: true);

        Assert.NotNull(await model.PullAsync(PublishedModel.Entry()));

        Assert.Single(model.Server.Bodies(PublishedModel.Checkpoint));
        Assert.All(model.Kept, file => Assert.StartsWith(Folder, file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task LeavesNoHalfBundleOfACheckpointThatCannotBeConverted()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        model.Server.Publish(PublishedModel.Checkpoint, [.. PublishedModel.Bytes[..2000], 1, 2, 3], large: true);

        await Assert.ThrowsAsync<Checkpoints.InvalidCheckpointException>(() => model.PullAsync(PublishedModel.Entry()));

        Assert.Equal([Path.Combine(model.CacheDirectory, ".downloads")], Directory.GetDirectories(model.CacheDirectory));
        Assert.DoesNotContain(model.Kept, file => file.Contains("bundle", StringComparison.Ordinal));
    }

    [Fact]
    public async Task StoresTheNewBundleForOtherMachines()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();
        RecordingStore store = new();

        ModelBundle? bundle = await model.PullAsync(PublishedModel.Entry(), store: store);
        await model.PullAsync(PublishedModel.Entry(), store: store);

        Assert.Equal([bundle!.Folder], store.Pushed);
    }

    [Fact]
    public async Task IsContentWithABundleThatCouldNotBeStored()
    {
        await using PublishedModel model = await PublishedModel.StartAsync();

        Assert.NotNull(await model.PullAsync(PublishedModel.Entry(), store: new RecordingStore { Failure = new IOException("No store today.") }));
    }

    [Fact]
    public async Task ListsTheCatalogueUnlessOffline()
    {
        using HubClient hub = new(ModelCacheOptions.DefaultHubUrl);
        FileDownloader downloader = new(hub);
        Assert.Equal(["ViT-S/4"], (await Source(new ModelCacheOptions()).ListAsync(Token)).Select(model => model.Id));
        Assert.Empty(await Source(new ModelCacheOptions { Offline = true }).ListAsync(Token));

        HubModelSource Source(ModelCacheOptions options) =>
            new(ModelCatalog.Of(PublishedModel.Entry()), options, hub, downloader, null, Microsoft.Extensions.Logging.Abstractions.NullLogger<HubModelSource>.Instance);
    }

    private sealed class RecordingStore : IBundleStore
    {
        public List<string> Pushed { get; } = [];

        public Exception? Failure { get; init; }

        public Task PushAsync(ModelBundle bundle, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
        {
            Pushed.Add(bundle.Folder);
            return Failure is null ? Task.CompletedTask : Task.FromException(Failure);
        }
    }
}
