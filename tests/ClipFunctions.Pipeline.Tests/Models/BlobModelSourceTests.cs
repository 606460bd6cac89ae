using System.Collections.Concurrent;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Checkpoints.Tests;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using ClipFunctions.Pipeline.Models;
using ClipFunctions.Pipeline.Storage;
using ClipFunctions.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.Pipeline.Tests.Models;

public sealed class BlobModelSourceTests(AzuriteServer azurite) : IDisposable
{
    private const string Folder = "team-cats.fp32";
    private const string Id = "team/cats";

    private readonly string _containers = $"t{Guid.NewGuid():n}";
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private BlobContainerClient Container => new(azurite.ConnectionString, $"{_containers}-m");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task GivesAnotherMachineWhatOneHasStored()
    {
        ModelBundle bundle = Bundle();
        Report report = new();
        await Source("one").PushAsync(bundle, report, Token);

        ModelBundle? found = await Source("two").FindAsync(new ModelRequest(Id), report, Token);

        Assert.Equal(bundle.Fingerprint, found?.Fingerprint);
        Assert.Equal(Path.Combine(_folder["two"], Folder), found?.Folder);
        await found!.VerifyAsync(Token);
        Assert.Equal([Id], (await Source("two").ListAsync(Token)).Select(model => model.Id));
        Assert.Equal(bundle.Manifest.Files.Select(file => file.Name).Append(BundleManifest.FileName).Select(name => Path.Combine(Folder, name)).Order(StringComparer.Ordinal), Files("two"));
        foreach (BundleFile file in bundle.Manifest.Files)
        {
            Assert.Contains(new ModelProgress("uploading", file.Name, file.Size, file.Size), report.All);
            Assert.Contains(new ModelProgress("downloading", file.Name, file.Size, file.Size), report.All);
        }
    }

    [Fact]
    public async Task HoldsNothingWhereThereIsNoContainer()
    {
        Assert.Null(await Source("one").FindAsync(new ModelRequest(Id), null, Token));
        Assert.Empty(await Source("one").ListAsync(Token));
        Assert.Empty(Files("one"));
    }

    [Fact]
    public async Task FindsABundleByPrecisionAndAlias()
    {
        await Source("one").PushAsync(Bundle(), null, Token);

        Assert.Null(await Source("two").FindAsync(new ModelRequest(Id, ModelPrecision.Fp16), null, Token));
        Assert.Null(await Source("two").FindAsync(new ModelRequest("team/dogs"), null, Token));
        Assert.NotNull(await Source("two").FindAsync(new ModelRequest("the cats", ModelPrecision.Fp32), null, Token));
    }

    [Fact]
    public async Task FindsABundleThatAUserPutThere()
    {
        ModelBundle bundle = Bundle();
        await Container.CreateAsync(cancellationToken: Token);
        foreach (string file in Directory.GetFiles(bundle.Folder))
        {
            await Container.GetBlobClient($"team-cats/{Path.GetFileName(file)}").UploadAsync(file, Token);
        }

        ModelBundle? found = await Source("two").FindAsync(new ModelRequest(Id), null, Token);

        Assert.Equal(Path.Combine(_folder["two"], "team-cats"), found?.Folder);
    }

    [Fact]
    public async Task StoresOnceHoweverManyInstancesPush()
    {
        ModelBundle bundle = Bundle();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Source("one").PushAsync(bundle, null, Token)));
        Dictionary<string, ETag?> versions = await VersionsAsync();
        await Source("one").PushAsync(bundle, null, Token);

        Assert.Equal(bundle.Manifest.Files.Count + 1, versions.Count);
        Assert.Equal(versions, await VersionsAsync());
        Assert.Equal(bundle.Fingerprint, (await Source("two").FindAsync(new ModelRequest(Id), null, Token))?.Fingerprint);
    }

    [Fact]
    public async Task FinishesWhatAnInstanceThatDiedHasLeft()
    {
        ModelBundle bundle = Bundle();
        await Container.CreateAsync(cancellationToken: Token);
        await Container.GetBlobClient($"{Folder}/visual.onnx").UploadAsync(new BinaryData("of another version"), Token);
        Assert.Null(await Source("two").FindAsync(new ModelRequest(Id), null, Token));

        await Source("one").PushAsync(bundle, null, Token);

        Assert.Equal(bundle.Fingerprint, (await Source("two").FindAsync(new ModelRequest(Id), null, Token))?.Fingerprint);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RefusesABrokenBundleAndLeavesNothingInTheCache(bool flipped)
    {
        await Source("one").PushAsync(Bundle(), null, Token);
        BlobClient blob = Container.GetBlobClient($"{Folder}/textual.onnx");
        byte[] content = (await blob.DownloadContentAsync(Token)).Value.Content.ToArray();
        content[content.Length / 2] ^= 1;
        await blob.UploadAsync(new BinaryData(flipped ? content : content[..^5]), overwrite: true, Token);

        InvalidBundleException exception = await Assert.ThrowsAsync<InvalidBundleException>(() => Source("two").FindAsync(new ModelRequest(Id), null, Token));

        Assert.Contains("textual.onnx", exception.Message, StringComparison.Ordinal);
        Assert.Contains(Folder, exception.Message, StringComparison.Ordinal);
        Assert.Empty(Files("two"));
    }

    [Fact]
    public async Task SaysWhichFileOfABundleIsMissing()
    {
        await Source("one").PushAsync(Bundle(), null, Token);
        await Container.GetBlobClient($"{Folder}/visual.onnx").DeleteAsync(cancellationToken: Token);

        InvalidBundleException exception = await Assert.ThrowsAsync<InvalidBundleException>(() => Source("two").FindAsync(new ModelRequest(Id), null, Token));

        Assert.Contains("visual.onnx", exception.Message, StringComparison.Ordinal);
        Assert.Empty(Files("two"));
    }

    [Fact]
    public async Task GoesOnWhereACopyStopped()
    {
        await Source("one").PushAsync(Bundle(), null, Token);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Report impatient = new() { On = progress => _ = progress.Item == "visual.onnx" && progress.BytesDone > 0 ? cancel.CancelAsync() : null };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Source("two").FindAsync(new ModelRequest(Id), impatient, cancel.Token));
        FileInfo part = new(Assert.Single(Directory.GetFiles(_folder["two"], "visual.onnx.part", SearchOption.AllDirectories)));
        Assert.True(part.Length > 0);

        Report report = new();
        ModelBundle? found = await Source("two").FindAsync(new ModelRequest(Id), report, Token);

        Assert.NotNull(found);
        Assert.True(report.All.Where(progress => progress.Item == "visual.onnx").Min(progress => progress.BytesDone) > part.Length);
        Assert.All(Files("two"), file => Assert.StartsWith(Folder, file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task IsAskedByThePipelineAfterTheCacheDirectory()
    {
        ModelBundle bundle = Bundle();
        await Source("one").PushAsync(bundle, null, Token);
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite, _containers, ("Clip:CacheDirectory", _folder["pipeline"]), ("Clip:Offline", "true"));

        using ModelLease lease = await pipeline.Models.LeaseAsync(Id, Token);

        Assert.Equal(bundle.Fingerprint, lease.Model.Fingerprint);
        Assert.Equal(["demo", Id], await pipeline.Models.AvailableModelsAsync(Token));
    }

    [Fact]
    public async Task ComesBeforeTheHub()
    {
        CatalogEntry entry = new()
        {
            Id = Id,
            Aliases = ["someone/cats"],
            Description = "never fetched",
            Sources = [new CatalogSource { Files = [new CatalogFile { Name = "cats.safetensors", Url = "http://127.0.0.1:9/cats.safetensors" }] }],
            Licence = "MIT",
            ImageSize = 64,
            EmbeddingDimension = 256,
        };
        await using TestPipeline pipeline = await TestPipeline.CreateAsync(azurite, [entry], _containers, ("Clip:CacheDirectory", _folder["pipeline"]), ("Clip:Offline", "true"));
        ModelDownloadException exception = await Assert.ThrowsAsync<ModelDownloadException>(() => pipeline.Models.LeaseAsync("someone/cats", Token));
        Assert.Equal(DownloadFault.Offline, exception.Fault);

        await Source("one").PushAsync(Bundle(), null, Token);
        using ModelLease lease = await pipeline.Models.LeaseAsync("someone/cats", Token);

        Assert.Equal(Id, lease.Model.Manifest.Id);
    }

    private BlobModelSource Source(string machine)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Account", azurite.ConnectionString)]).Build();
        return new BlobModelSource(
            StorageConnection.FromConfiguration(configuration, "Account"),
            new StorageLayout { Models = Container.Name },
            new ModelCacheOptions { CacheDirectory = _folder[machine] },
            id => id == "the cats" ? Id : id,
            NullLogger<BlobModelSource>.Instance);
    }

    /// <summary>The shipped bundle under another id.</summary>
    private ModelBundle Bundle()
    {
        string folder = _folder["bundle"];
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(RepositoryPaths.DemoBundle))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        string manifest = Path.Combine(folder, BundleManifest.FileName);
        (BundleManifest.Load(manifest) with { Id = Id }).Save(manifest);
        return ModelBundle.Open(folder);
    }

    /// <summary>Every file in a machine's cache directory but the empty ones of locks.</summary>
    private string[] Files(string machine) => Directory.Exists(_folder[machine])
        ? [.. Directory.GetFiles(_folder[machine], "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Select(file => Path.GetRelativePath(_folder[machine], file)).Order(StringComparer.Ordinal)]
        : [];

    private async Task<Dictionary<string, ETag?>> VersionsAsync()
    {
        Dictionary<string, ETag?> versions = [];
        await foreach (BlobItem item in Container.GetBlobsAsync(cancellationToken: Token))
        {
            versions.Add(item.Name, item.Properties.ETag);
        }

        return versions;
    }

    private sealed class Report : IProgress<ModelProgress>
    {
        private readonly ConcurrentQueue<ModelProgress> _all = new();

        public IReadOnlyList<ModelProgress> All => [.. _all];

        public Action<ModelProgress>? On { get; init; }

        void IProgress<ModelProgress>.Report(ModelProgress value)
        {
            _all.Enqueue(value);
            On?.Invoke(value);
        }
    }
}
