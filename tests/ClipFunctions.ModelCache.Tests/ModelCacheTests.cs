using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Tests;

public sealed class ModelCacheTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ShipsTheDemoModel()
    {
        await using ModelCache cache = new(new ModelCacheOptions { CacheDirectory = NoSuchFolder(), CacheOptimizedGraphs = false }, NullLogger<ModelCache>.Instance);

        Assert.Equal(["demo"], await cache.AvailableModelsAsync(Token));
        using ModelLease lease = await cache.LeaseAsync("demo", Token);
        Assert.Equal("demo", lease.Model.Manifest.Id);
        Assert.Equal(["demo"], cache.LoadedModels.Select(model => model.Id));
    }

    [Fact]
    public async Task LoadsAModelOnceForAllWhoAskAtOnce()
    {
        CountingSource source = new();
        await using ModelCache cache = Cache(source);

        ModelLease[] leases = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => cache.LeaseAsync("demo", Token))));

        Assert.Equal(1, source.Finds);
        Assert.Single(leases.Select(lease => lease.Model).Distinct());
        Array.ForEach(leases, lease => lease.Dispose());
    }

    [Fact]
    public async Task DoesNotFreeALeasedModel()
    {
        await using ModelCache cache = Cache(new CountingSource());
        ModelLease lease = await cache.LeaseAsync("demo", Token);

        Assert.True(cache.Unload("demo"));
        Assert.Empty(cache.LoadedModels);
        Assert.Equal(1, lease.Model.EncodeText(["a cat"], cancellationToken: Token).Count);

        ClipModel model = lease.Model;
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.EncodeText(["a cat"], cancellationToken: Token));
        Assert.Throws<ObjectDisposedException>(() => lease.Model);
    }

    [Fact]
    public async Task LoadsAnewAfterAnUnload()
    {
        CountingSource source = new();
        await using ModelCache cache = Cache(source);
        using ModelLease first = await cache.LeaseAsync("demo", Token);
        cache.Unload("demo");

        using ModelLease second = await cache.LeaseAsync("demo", Token);

        Assert.Equal(2, source.Finds);
        Assert.NotSame(first.Model, second.Model);
        Assert.False(cache.Unload("another"));
    }

    [Fact]
    public async Task ForgetsALoadThatFailed()
    {
        CountingSource source = new() { Failures = 2 };
        await using ModelCache cache = Cache(source);

        await Assert.ThrowsAsync<IOException>(() => cache.LeaseAsync("demo", Token));
        await Assert.ThrowsAsync<IOException>(() => cache.LeaseAsync("demo", Token));
        using ModelLease lease = await cache.LeaseAsync("demo", Token);

        Assert.Equal(3, source.Finds);
    }

    [Fact]
    public async Task ReleasesACallerWhoStopsWaitingAndLoadsOnForTheOthers()
    {
        CountingSource source = new() { Gate = new TaskCompletionSource() };
        await using ModelCache cache = Cache(source);
        using CancellationTokenSource impatient = new();
        Task<ModelLease> first = cache.LeaseAsync("demo", impatient.Token);
        Task<ModelLease> second = cache.LeaseAsync("demo", Token);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        source.Gate.SetResult();

        using ModelLease lease = await second;
        Assert.Equal(1, source.Finds);
    }

    [Fact]
    public async Task NamesTheModelsThatThereAreWhenOneIsNotFound()
    {
        await using ModelCache cache = Cache(new CountingSource());

        ModelNotFoundException exception = await Assert.ThrowsAsync<ModelNotFoundException>(() => cache.LeaseAsync("ViT-B/32", Token));

        Assert.Equal("ViT-B/32", exception.ModelId);
        Assert.Equal(["demo"], exception.Available);
        Assert.Contains("counting", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitsForLeasesBeforeItIsGone()
    {
        ModelCache cache = Cache(new CountingSource());
        ModelLease lease = await cache.LeaseAsync("demo", Token);

        Task disposing = cache.DisposeAsync().AsTask();
        await Task.Delay(50, Token);
        Assert.False(disposing.IsCompleted);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => cache.LeaseAsync("demo", Token));

        lease.Dispose();
        lease.Dispose();
        await disposing.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Fact]
    public async Task RefusesABundleWhoseFilesWereChanged()
    {
        DirectoryInfo models = Directory.CreateTempSubdirectory();
        try
        {
            DirectoryInfo copy = models.CreateSubdirectory("demo");
            foreach (string file in Directory.GetFiles(RepositoryPaths.DemoBundle))
            {
                File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
            }

            await using (FileStream graph = File.OpenWrite(Path.Combine(copy.FullName, "visual.onnx")))
            {
                graph.Position = graph.Length / 2;
                graph.WriteByte(0xA5);
                graph.WriteByte(0x5A);
            }

            await using ModelCache cache = Cache(new DirectoryModelSource("copy", models.FullName));
            InvalidBundleException exception = await Assert.ThrowsAsync<InvalidBundleException>(() => cache.LeaseAsync("demo", Token));
            Assert.Contains("visual.onnx", exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            models.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("ViT-B/32", "ViT-B-32")]
    [InlineData("ViT-L/14@336px", "ViT-L-14@336px")]
    public void NamesFoldersAfterModels(string id, string folder) => Assert.Equal(folder, DirectoryModelSource.FolderName(id));

    [Theory]
    [InlineData("..")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("")]
    public void RefusesWhatIsNoModelId(string id) => Assert.ThrowsAny<ArgumentException>(() => DirectoryModelSource.FolderName(id));

    private static ModelCache Cache(IModelSource source) =>
        new([source], new ModelCacheOptions { CacheOptimizedGraphs = false }, NullLogger<ModelCache>.Instance);

    private static string NoSuchFolder() => Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    /// <summary>The shipped bundle, with a count and, where asked for, failures or a gate before it is found.</summary>
    private sealed class CountingSource : IModelSource
    {
        private readonly DirectoryModelSource _inner = new("demo", Path.GetDirectoryName(RepositoryPaths.DemoBundle)!);
        private int _finds;

        public int Finds => _finds;

        public int Failures { get; init; }

        public TaskCompletionSource? Gate { get; init; }

        public string Name => "counting";

        public Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken) => _inner.ListAsync(cancellationToken);

        public async Task<ModelBundle?> FindAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _finds) <= Failures)
            {
                throw new IOException("Not now.");
            }

            if (Gate is { } gate)
            {
                await gate.Task.WaitAsync(cancellationToken);
            }

            return await _inner.FindAsync(request, progress, cancellationToken);
        }
    }
}
