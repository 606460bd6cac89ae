using System.Diagnostics;
using ClipFunctions.Checkpoints.Tests;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClipFunctions.ModelCaching.Tests.Downloads;

/// <summary>A synthetic model, published on a server of its own, with a cache directory to pull it to.</summary>
internal sealed class PublishedModel : IAsyncDisposable
{
    public const string Checkpoint = "model.safetensors";
    public const string Vocabulary = "bpe_vocab.txt.gz";

    /// <summary>Downloads that do not wait long.</summary>
    public static DownloadOptions Impatient { get; } = new() { MaxTries = 3, FirstDelay = TimeSpan.FromMilliseconds(1), StallTimeout = TimeSpan.FromSeconds(20) };

    private static readonly Lazy<(byte[] Checkpoint, byte[] Vocabulary)> Files = new(() =>
    {
        using TemporaryFolder folder = new();
        string path = SyntheticModel.Transformer().Save(folder.Path);
        return (File.ReadAllBytes(path), File.ReadAllBytes(folder[Vocabulary]));
    });

    private readonly TemporaryFolder _folder = new();

    private PublishedModel(HubServer server) => Server = server;

    public static byte[] Bytes => Files.Value.Checkpoint;

    public HubServer Server { get; }

    public string CacheDirectory => _folder.Path;

    /// <summary>Every file in the cache directory but the empty ones of locks.</summary>
    public IReadOnlyList<string> Kept =>
        [.. Directory.GetFiles(CacheDirectory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Select(file => Path.GetRelativePath(CacheDirectory, file)).Order(StringComparer.Ordinal)];

    public static async Task<PublishedModel> StartAsync(string basePath = "")
    {
        HubServer server = await HubServer.StartAsync(basePath);
        server.Publish(Checkpoint, Bytes, large: true);
        server.Publish(Vocabulary, Files.Value.Vocabulary, large: false);
        return new PublishedModel(server);
    }

    public static CatalogSource Source(string revision = HubServer.Commit, string? sha256 = null, string checkpoint = Checkpoint) => new()
    {
        Repository = HubServer.Repository,
        Revision = revision,
        Files = [new CatalogFile { Name = checkpoint, Sha256 = sha256 }, new CatalogFile { Name = Vocabulary }],
    };

    public static CatalogEntry Entry(params CatalogSource[] sources) => new()
    {
        Id = "ViT-S/4",
        Aliases = ["someone/clip"],
        Description = "synthetic",
        Sources = sources.Length > 0 ? sources : [Source()],
        Licence = "apple-amlr",
        LicenceUrl = "https://example.org/licence",
        ImageSize = 12,
        EmbeddingDimension = 24,
    };

    /// <summary>The file as the catalogue of a careful author has it.</summary>
    public DownloadRequest Request(bool hashed = true) => new()
    {
        Address = new Uri($"{Server.Address.AbsoluteUri.TrimEnd('/')}/{HubServer.Repository}/resolve/{HubServer.Commit}/{Checkpoint}"),
        Name = Checkpoint,
        Size = hashed ? Bytes.Length : null,
        Sha256 = hashed ? HubServer.Hash(Bytes) : null,
    };

    /// <summary>A connection that breaks when so many bytes of the file are on disk.</summary>
    public HubFault CutAt(int bytes) => new() { CutAt = bytes, BeforeCut = () => ArrivedAsync(bytes) };

    /// <summary>Waits, within bounds, until so many bytes of the checkpoint are on disk.</summary>
    public async Task ArrivedAsync(int bytes)
    {
        long start = Stopwatch.GetTimestamp();
        while (!Directory.EnumerateFiles(CacheDirectory, $"{Checkpoint}.part", SearchOption.AllDirectories).Any(file => new FileInfo(file).Length >= bytes))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), $"{bytes} bytes did not arrive.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Downloads with clients of its own, as a new process would have.</summary>
    public async Task<DownloadedFile> DownloadAsync(DownloadRequest request, DownloadOptions? options = null, string? token = null, IProgress<ModelProgress>? progress = null)
    {
        using HubClient hub = new(Server.Address, token, options ?? Impatient);
        return await new FileDownloader(hub, options ?? Impatient).DownloadAsync(request, CacheDirectory, progress, TestContext.Current.CancellationToken);
    }

    /// <summary>Pulls with clients of its own, as a new process would have.</summary>
    public async Task<ModelBundle?> PullAsync(CatalogEntry entry, ModelRequest? request = null, ModelCacheOptions? options = null, IBundleStore? store = null, IProgress<ModelProgress>? progress = null)
    {
        options = (options ?? new ModelCacheOptions()) with { CacheDirectory = options is { CacheDirectory: { } own } && own != new ModelCacheOptions().CacheDirectory ? own : CacheDirectory };
        using HubClient hub = new(Server.Address, options.HubToken, Impatient);
        HubModelSource source = new(ModelCatalog.Of(entry), options, hub, new FileDownloader(hub, Impatient), store, NullLogger<HubModelSource>.Instance);
        return await source.FindAsync(request ?? new ModelRequest(entry.Id), progress, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
