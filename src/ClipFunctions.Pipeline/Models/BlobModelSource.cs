using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Downloads;
using ClipFunctions.Pipeline.Storage;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.Pipeline.Models;

/// <summary>
/// Ready bundles in the storage account, <c>{container}/{folder of the model}/clip.json</c> and the files that it lists. One that is
/// asked for is copied into the cache directory, whole and checked or not at all.
/// </summary>
public sealed partial class BlobModelSource : IModelSource, IBundleStore
{
    private const int BufferSize = 1 << 17;
    private const long ProgressStep = 1 << 20;
    private const int MaxUploadTries = 3;
    private const string HashKey = "sha256";

    private readonly BlobContainerClient _container;
    private readonly ModelCacheOptions _options;
    private readonly Func<string, string> _canonicalId;
    private readonly ILogger<BlobModelSource> _logger;
    private readonly DirectoryModelSource _cache;

    /// <summary>Works on the container that <paramref name="layout"/> names; it need not exist.</summary>
    /// <param name="storage">The account.</param>
    /// <param name="layout">The container's name.</param>
    /// <param name="options">The cache directory and the precision of models that are asked for without one.</param>
    /// <param name="canonicalId">The id that a model is stored under, by its id or an alias.</param>
    /// <param name="logger">Told of bundles copied and stored.</param>
    public BlobModelSource(StorageConnection storage, StorageLayout layout, ModelCacheOptions options, Func<string, string> canonicalId, ILogger<BlobModelSource> logger)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(canonicalId);
        ArgumentNullException.ThrowIfNull(logger);
        _container = storage.Blobs.GetBlobContainerClient(layout.Models);
        _options = options;
        _canonicalId = canonicalId;
        _logger = logger;
        _cache = new DirectoryModelSource("cache", options.CacheDirectory);
    }

    /// <inheritdoc/>
    public string Name => "storage";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken)
    {
        List<ModelListing> models = [];
        try
        {
            await foreach (BlobHierarchyItem item in _container.GetBlobsByHierarchyAsync(new GetBlobsByHierarchyOptions { Delimiter = "/" }, cancellationToken))
            {
                if (item.IsPrefix && await ReadManifestAsync(item.Prefix.TrimEnd('/'), cancellationToken) is { } json)
                {
                    models.Add(ModelListing.Of(BundleManifest.Parse(json, Address(item.Prefix + BundleManifest.FileName)), Name));
                }
            }
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // No container: no model has been stored yet.
        }

        return models;
    }

    /// <inheritdoc/>
    /// <exception cref="ModelDownloadException">The disk cannot hold it.</exception>
    /// <exception cref="RequestFailedException">The account refuses or cannot be reached.</exception>
    public async Task<ModelBundle?> FindAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ModelRequest wanted = new(_canonicalId(request.Id), request.Precision ?? _options.Precision);
        foreach (string folder in Candidates(wanted))
        {
            if (await ReadManifestAsync(folder, cancellationToken) is not { } json)
            {
                continue;
            }

            BundleManifest manifest = BundleManifest.Parse(json, Address($"{folder}/{BundleManifest.FileName}"));
            if (wanted.Precision is null || manifest.Precision == wanted.Precision)
            {
                return await FetchAsync(wanted, folder, json, manifest, progress, cancellationToken);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    /// <exception cref="RequestFailedException">The account refuses or cannot be reached.</exception>
    /// <exception cref="IOException">Another instance stores another bundle of the same name at the same time.</exception>
    public async Task PushAsync(ModelBundle bundle, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        string folder = DirectoryModelSource.FolderName(bundle.Id, bundle.Manifest.Precision);
        await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        BlobClient manifest = _container.GetBlobClient($"{folder}/{BundleManifest.FileName}");
        if (await PropertiesAsync(manifest, cancellationToken) is not null)
        {
            return;
        }

        foreach (BundleFile file in bundle.Manifest.Files)
        {
            await UploadAsync(bundle, folder, file, progress, cancellationToken);
        }

        // Between two versions of ClipFunctions that store a model at once, the files must not be mixed.
        foreach (BundleFile file in bundle.Manifest.Files)
        {
            if (!Holds(await PropertiesAsync(_container.GetBlobClient($"{folder}/{file.Name}"), cancellationToken), file))
            {
                throw new IOException($"{Address($"{folder}/{file.Name}")} has been replaced meanwhile: another instance stores another bundle there.");
            }
        }

        BlobUploadOptions options = new()
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
        };
        try
        {
            await manifest.UploadAsync(new BinaryData(bundle.Manifest.ToJson()), options, cancellationToken);
            LogStored(bundle.Id, folder, bundle.Size);
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            // Another instance was as quick.
        }
    }

    private static IEnumerable<string> Candidates(ModelRequest wanted)
    {
        foreach (ModelPrecision precision in wanted.Precision is { } one ? [one] : Enum.GetValues<ModelPrecision>())
        {
            yield return DirectoryModelSource.FolderName(wanted.Id, precision);
        }

        // One that a user put there.
        yield return DirectoryModelSource.FolderName(wanted.Id);
    }

    private string Address(string name) => _container.GetBlobClient(name).Uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    private async Task<byte[]?> ReadManifestAsync(string folder, CancellationToken cancellationToken)
    {
        BlobClient blob = _container.GetBlobClient($"{folder}/{BundleManifest.FileName}");
        if (await PropertiesAsync(blob, cancellationToken) is not { } properties)
        {
            return null;
        }

        if (properties.ContentLength > BundleManifest.MaximumBytes)
        {
            throw new InvalidBundleException(Address(blob.Name), null, $"{properties.ContentLength} bytes are more than a manifest may have ({BundleManifest.MaximumBytes}).");
        }

        BlobDownloadOptions options = new() { Conditions = new BlobRequestConditions { IfMatch = properties.ETag } };
        return (await blob.DownloadContentAsync(options, cancellationToken)).Value.Content.ToArray();
    }

    private async Task<ModelBundle> FetchAsync(ModelRequest wanted, string folder, byte[] json, BundleManifest manifest, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        string name = DirectoryModelSource.FolderName(wanted.Id);
        using CacheLock held = await CacheLock.AcquireAsync(BundlePlace.LockFile(_options.CacheDirectory, name), wanted.Id, progress, cancellationToken);
        if (await _cache.FindAsync(wanted, progress, cancellationToken) is { } there)
        {
            return there;
        }

        string staging = Path.Combine(BundlePlace.Staging(_options.CacheDirectory, name), $"storage.{folder}");
        Directory.CreateDirectory(staging);
        DiskSpace.Require(staging, manifest.Files.Sum(file => file.Size) - SizeOf(staging), $"fetching {wanted}");
        try
        {
            foreach (BundleFile file in manifest.Files)
            {
                await DownloadAsync(folder, file, Path.Combine(staging, file.Name.Replace('/', Path.DirectorySeparatorChar)), progress, cancellationToken);
            }
        }
        catch (ModelDownloadException exception) when (exception.Fault is DownloadFault.HashMismatch or DownloadFault.SizeMismatch)
        {
            Directory.Delete(staging, recursive: true);
            throw new InvalidBundleException(
                exception.Subject,
                null,
                $"expected {exception.Expected}, found {exception.Actual}: the stored bundle is broken. Delete '{folder}/' in the container {_container.Name}, and it will be made anew.",
                exception);
        }

        await File.WriteAllBytesAsync(Path.Combine(staging, BundleManifest.FileName), json, cancellationToken);
        ModelBundle bundle = await BundlePlace.MoveAsync(staging, Path.Combine(_options.CacheDirectory, folder), cancellationToken);
        LogFetched(bundle.Id, folder, bundle.Size);
        return bundle;
    }

    private async Task DownloadAsync(string folder, BundleFile file, string path, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        if (await PartialFile.IsWholeAsync(path, file.Size, file.Sha256, cancellationToken))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        BlobClient blob = _container.GetBlobClient($"{folder}/{file.Name}");
        await using PartialFile part = await PartialFile.OpenAsync(path, Address(blob.Name), cancellationToken);
        if (part.Length == 0 || part.Length != file.Size)
        {
            using BlobDownloadStreamingResult? download = await OpenAsync(blob, file, part, cancellationToken);
            if (download is not null)
            {
                await CopyAsync(download, file, part, progress, cancellationToken);
            }
        }

        part.Complete(file.Size, file.Sha256);
    }

    /// <summary>The rest of a file, or all of it where the beginning is of another version; null if there is no such blob.</summary>
    private static async Task<BlobDownloadStreamingResult?> OpenAsync(BlobClient blob, BundleFile file, PartialFile part, CancellationToken cancellationToken)
    {
        if (part.Length > 0 && part.Length < file.Size && part.Version is { } version)
        {
            BlobDownloadOptions rest = new() { Range = new HttpRange(part.Length), Conditions = new BlobRequestConditions { IfMatch = new ETag(version) } };
            try
            {
                return await blob.DownloadStreamingAsync(rest, cancellationToken);
            }
            catch (RequestFailedException exception) when (exception.Status is 412 or 416)
            {
                // Replaced since: from the beginning.
            }
        }

        part.Restart(null);
        try
        {
            BlobDownloadStreamingResult download = await blob.DownloadStreamingAsync(cancellationToken: cancellationToken);
            part.Restart(download.Details.ETag.ToString("G"));
            return download;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private static async Task CopyAsync(BlobDownloadStreamingResult download, BundleFile file, PartialFile part, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferSize];
        long reported = -ProgressStep;
        int read;

        // One byte too many is enough to know.
        while (part.Length <= file.Size && (read = await download.Content.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await part.AppendAsync(buffer.AsMemory(0, read), cancellationToken);
            if (part.Length - reported >= ProgressStep || part.Length == file.Size)
            {
                reported = part.Length;
                progress?.Report(new ModelProgress("downloading", file.Name, part.Length, file.Size));
            }
        }
    }

    private async Task UploadAsync(ModelBundle bundle, string folder, BundleFile file, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        BlobClient blob = _container.GetBlobClient($"{folder}/{file.Name}");
        for (int tries = 1; ; tries++)
        {
            BlobProperties? standing = await PropertiesAsync(blob, cancellationToken);
            if (Holds(standing, file))
            {
                return;
            }

            // What an upload that was never finished left, or another instance's.
            BlobUploadOptions options = new()
            {
                Conditions = standing is null ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = standing.ETag },
                Metadata = new Dictionary<string, string> { [HashKey] = file.Sha256 },
                ProgressHandler = progress is null ? null : new UploadProgress(file, progress),
            };
            try
            {
                await blob.UploadAsync(bundle.PathOf(file.Name), options, cancellationToken);
                return;
            }
            catch (RequestFailedException exception) when (exception.Status is 409 or 412 && tries < MaxUploadTries)
            {
            }
        }
    }

    private static bool Holds(BlobProperties? standing, BundleFile file) =>
        standing is not null && standing.ContentLength == file.Size && standing.Metadata.TryGetValue(HashKey, out string? hash) && hash == file.Sha256;

    private static async Task<BlobProperties?> PropertiesAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    private static long SizeOf(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    [LoggerMessage(1, LogLevel.Information, "Fetched {Model} from {Folder} in storage ({Bytes} bytes)")]
    private partial void LogFetched(string model, string folder, long bytes);

    [LoggerMessage(2, LogLevel.Information, "Stored {Model} as {Folder} in storage ({Bytes} bytes)")]
    private partial void LogStored(string model, string folder, long bytes);

    private sealed class UploadProgress(BundleFile file, IProgress<ModelProgress> progress) : IProgress<long>
    {
        public void Report(long value) => progress.Report(new ModelProgress("uploading", file.Name, value, file.Size));
    }
}
