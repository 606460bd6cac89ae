using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using Microsoft.Extensions.Time.Testing;
using Microsoft.ML.OnnxRuntime;

namespace ClipFunctions.ModelCaching.Tests;

/// <summary>How models come and go besides the budget: searches, idle time, preloading, faults.</summary>
public sealed class ModelLifeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UnloadsWhatNobodyUsesForLong()
    {
        using DemoCopies copies = new(2);
        FakeTimeProvider time = new();
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { IdleMinutes = 10 }, time: time);
        using ModelLease kept = await cache.LeaseAsync("demo-a", Token);
        (await cache.LeaseAsync("demo-b", Token)).Dispose();

        time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(["demo-a", "demo-b"], Ids(cache));
        (await cache.LeaseAsync("demo-b", Token)).Dispose();

        time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(["demo-a", "demo-b"], Ids(cache));

        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["demo-a"], Ids(cache));

        kept.Dispose();
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.Empty(cache.LoadedModels);
    }

    [Fact]
    public async Task KeepsIdleModelsUnlessToldOtherwise()
    {
        using DemoCopies copies = new(1);
        FakeTimeProvider time = new();
        await using ModelCache cache = Cache(copies, new ModelCacheOptions(), time: time);
        (await cache.LeaseAsync("demo-a", Token)).Dispose();

        time.Advance(TimeSpan.FromDays(30));

        Assert.Equal(["demo-a"], Ids(cache));
    }

    [Fact]
    public async Task PreloadsAndRunsBothTowers()
    {
        using DemoCopies copies = new(2);
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { Preload = ["demo-b", "demo-a:fp32"] });

        await cache.PreloadAsync(null, Token);

        Assert.Equal(["demo-a", "demo-b"], Ids(cache));
        Assert.All(cache.LoadedModels, model => Assert.Equal(ModelTowers.Both, model.Towers));
    }

    [Theory]
    [InlineData("no-such-model")]
    [InlineData("demo-a:int8")]
    [InlineData("demo-a:fp7")]
    public async Task NamesTheModelThatCannotBePreloaded(string model)
    {
        using DemoCopies copies = new(1);
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { Preload = ["demo-a", model] });

        ModelPreloadException exception = await Assert.ThrowsAsync<ModelPreloadException>(() => cache.PreloadAsync(null, Token));

        Assert.Equal(model, exception.Model);
        Assert.Contains(model, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadsOnceWhatHasSeveralNames()
    {
        using DemoCopies copies = new(1);
        await using ModelCache cache = new([new Aliases(copies, new Gate { IsOpen = true })], new ModelCacheOptions { CacheOptimizedGraphs = false }, new RecordingLogger());

        using ModelLease one = await cache.LeaseAsync("one", Token);
        using ModelLease other = await cache.LeaseAsync("other:fp32", Token);

        Assert.Same(one.Model, other.Model);
        Assert.Equal(2, Assert.Single(cache.LoadedModels).Leases);
        Assert.True(cache.Unload("other"));
        Assert.Empty(cache.LoadedModels);
    }

    [Fact]
    public async Task FindsABundleOnceForAllAndLoadsNothing()
    {
        using DemoCopies copies = new(1);
        Gate gate = new();
        Aliases source = new(copies, gate);
        await using ModelCache cache = new([source], new ModelCacheOptions { CacheOptimizedGraphs = false }, new RecordingLogger());
        List<ModelProgress> first = [];
        List<ModelProgress> second = [];
        Task<ModelBundle> found = cache.FindBundleAsync(new ModelRequest("one"), new Listener(first), Token);
        Task<ModelBundle> foundToo = cache.FindBundleAsync(new ModelRequest("one"), new Listener(second), Token);

        gate.Open();

        Assert.Equal((await found).Folder, (await foundToo).Folder);
        Assert.Equal(1, source.Searches);
        Assert.Single(first);
        Assert.Single(second);
        Assert.Empty(cache.LoadedModels);
    }

    [Fact]
    public async Task StopsASearchThatNobodyWaitsForAndStartsAnew()
    {
        using DemoCopies copies = new(1);
        Gate gate = new();
        Aliases source = new(copies, gate);
        await using ModelCache cache = new([source], new ModelCacheOptions { CacheOptimizedGraphs = false }, new RecordingLogger());
        using CancellationTokenSource impatient = new();
        Task<ModelLease> asked = cache.LeaseAsync("one", impatient.Token);
        await source.Started.Task.WaitAsync(Token);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await source.Cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);

        gate.Open();
        (await cache.LeaseAsync("one", Token)).Dispose();
        Assert.Equal(2, source.Searches);
    }

    [Fact]
    public async Task TakesTheDefaultPrecision()
    {
        using DemoCopies copies = new(1);
        await using ModelCache cache = Cache(copies, new ModelCacheOptions { Precision = ModelPrecision.DynamicInt8 });

        await Assert.ThrowsAsync<ModelNotFoundException>(() => cache.LeaseAsync("demo-a", Token));
        using ModelLease lease = await cache.LeaseAsync("demo-a:fp32", Token);
        Assert.Equal(ModelPrecision.Fp32, Assert.Single(cache.LoadedModels).Precision);
    }

    [Fact]
    public async Task LoadsAFaultedModelAnew()
    {
        using DemoCopies copies = new(1);
        int context = 0;

        // The graph has one position fewer than the manifest says: a text of full length fails within ONNX Runtime.
        copies.Add("faulty", manifest => manifest with
        {
            Tokenizer = manifest.Tokenizer with { ContextLength = context = manifest.Tokenizer.ContextLength + 1 },
            Architecture = manifest.Architecture with { Text = manifest.Architecture.Text with { ContextLength = manifest.Architecture.Text.ContextLength + 1 } },
        });
        RecordingLogger logger = new();
        await using ModelCache cache = Cache(copies, new ModelCacheOptions(), logger);
        using ModelLease lease = await cache.LeaseAsync("faulty", Token);
        using ModelLease user = await cache.LeaseAsync("faulty", Token);

        string text = string.Join(' ', Enumerable.Repeat("cat", context * 2));
        Assert.Throws<OnnxRuntimeException>(() => lease.Model.EncodeText([text], truncate: true, Token));
        Assert.True(lease.Model.IsFaulted);
        ClipModel faulted = lease.Model;
        lease.Dispose();

        using ModelLease anew = await cache.LeaseAsync("faulty", Token);
        Assert.NotSame(faulted, anew.Model);
        Assert.False(anew.Model.IsFaulted);
        Assert.Equal(1, user.Model.EncodeText(["a cat"], cancellationToken: Token).Count);
        Assert.Contains(logger.Warnings, message => message.Contains("'faulty'", StringComparison.Ordinal) || message.Contains(" faulty ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task KeepsAModelAfterACancellationAndAfterBadInput()
    {
        using DemoCopies copies = new(1);
        await using ModelCache cache = Cache(copies, new ModelCacheOptions());
        using ModelLease lease = await cache.LeaseAsync("demo-a", Token);
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();

        Assert.ThrowsAny<OperationCanceledException>(() => lease.Model.EncodeImage(new byte[lease.Model.Preprocessor.PixelCount], 1, cancelled.Token));
        Assert.ThrowsAny<ArgumentException>(() => lease.Model.EncodeImage(new byte[1], 1, Token));
        Assert.False(lease.Model.IsFaulted);
    }

    private static IEnumerable<string> Ids(ModelCache cache) => cache.LoadedModels.Select(model => model.Id);

    private static ModelCache Cache(DemoCopies copies, ModelCacheOptions options, RecordingLogger? logger = null, TimeProvider? time = null)
        => new([new DirectoryModelSource("copies", copies.Root)], options with { CacheOptimizedGraphs = false }, logger ?? new RecordingLogger(), time);

    /// <summary>Finds the same bundle whatever it is asked for, once the gate is open; tells one step of progress.</summary>
    private sealed class Aliases(DemoCopies copies, Gate gate) : IModelSource
    {
        private int _searches;

        public int Searches => _searches;

        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => "aliases";

        public Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ModelListing>>([new ModelListing { Id = "one", Source = Name }, new ModelListing { Id = "other", Source = Name }]);

        public async Task<ModelBundle?> FindAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _searches);
            Started.TrySetResult();
            try
            {
                await gate.Opened.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Cancelled.TrySetResult();
                throw;
            }

            progress?.Report(new ModelProgress("verifying", null, 1, 1));
            return ModelBundle.Open(copies.FolderOf(copies.Ids[0]));
        }
    }

    private sealed class Gate
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsOpen
        {
            init
            {
                if (value)
                {
                    Open();
                }
            }
        }

        public Task Opened => _opened.Task;

        public void Open() => _opened.TrySetResult();
    }

    private sealed class Listener(List<ModelProgress> heard) : IProgress<ModelProgress>
    {
        public void Report(ModelProgress value)
        {
            lock (heard)
            {
                heard.Add(value);
            }
        }
    }
}
