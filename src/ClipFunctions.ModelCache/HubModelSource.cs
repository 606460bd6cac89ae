using System.Runtime.ExceptionServices;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using Microsoft.Extensions.Logging;

namespace ClipFunctions.ModelCaching;

/// <summary>
/// The catalogue's models: fetches a published checkpoint, converts it and keeps the bundle in the cache directory, once however many
/// processes of the machine ask. A model that is there already is taken from there.
/// </summary>
public sealed partial class HubModelSource : IModelSource
{
    private readonly ModelCatalog _catalog;
    private readonly ModelCacheOptions _options;
    private readonly HubClient _hub;
    private readonly FileDownloader _downloader;
    private readonly IBundleStore? _store;
    private readonly ILogger<HubModelSource> _logger;
    private readonly DirectoryModelSource _cache;

    /// <summary>Fetches what is in a catalogue.</summary>
    /// <param name="catalog">The models.</param>
    /// <param name="options">The cache directory, and what may be fetched.</param>
    /// <param name="hub">The hub.</param>
    /// <param name="downloader">What fetches files.</param>
    /// <param name="store">Where new bundles are put for other machines; null for nowhere.</param>
    /// <param name="logger">Told of what is fetched and of what went wrong on the way.</param>
    public HubModelSource(
        ModelCatalog catalog,
        ModelCacheOptions options,
        HubClient hub,
        FileDownloader downloader,
        IBundleStore? store,
        ILogger<HubModelSource> logger)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(hub);
        ArgumentNullException.ThrowIfNull(downloader);
        ArgumentNullException.ThrowIfNull(logger);
        _catalog = catalog;
        _options = options;
        _hub = hub;
        _downloader = downloader;
        _store = store;
        _logger = logger;
        _cache = new DirectoryModelSource("cache", options.CacheDirectory);
    }

    /// <inheritdoc/>
    public string Name => "hub";

    /// <summary>The catalogue's models; none while the network may not be used.</summary>
    public Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ModelListing>>(_options.Offline ? [] : [.. _catalog.Entries.Select(entry => ModelListing.Of(entry, Name))]);

    /// <summary>The bundle of a model of the catalogue, by its id or an alias; null if the catalogue does not have it.</summary>
    /// <inheritdoc cref="IModelSource.FindAsync" path="/param"/>
    /// <exception cref="ModelDownloadException">It cannot be fetched, or the settings forbid it.</exception>
    /// <exception cref="InvalidCheckpointException">What was fetched cannot be converted.</exception>
    /// <exception cref="InvalidBundleException">The bundle in the cache directory is broken.</exception>
    public async Task<ModelBundle?> FindAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (_catalog.Find(request.Id) is not { } entry)
        {
            return null;
        }

        ModelRequest wanted = new(entry.Id, request.Precision ?? _options.Precision);
        if (await _cache.FindAsync(wanted, progress, cancellationToken) is { } there)
        {
            return there;
        }

        CheckAllowed(entry);
        string name = DirectoryModelSource.FolderName(entry.Id);
        using CacheLock held = await CacheLock.AcquireAsync(BundlePlace.LockFile(_options.CacheDirectory, name), entry.Id, progress, cancellationToken);

        // Whoever held the lock before may have made it.
        return await _cache.FindAsync(wanted, progress, cancellationToken)
            ?? await MakeAsync(entry, wanted.Precision ?? ModelPrecision.Fp32, BundlePlace.Staging(_options.CacheDirectory, name), progress, cancellationToken);
    }

    private void CheckAllowed(CatalogEntry entry)
    {
        if (_options.Offline)
        {
            throw new ModelDownloadException(
                DownloadFault.Offline,
                entry.Id,
                $"the model is not in {_options.CacheDirectory}, and Clip:Offline forbids fetching it. Copy its bundle there, or set Clip:Offline to false.");
        }

        if (entry.LicenceConsent && !_options.AcceptedLicences.Contains(entry.Licence, StringComparer.OrdinalIgnoreCase))
        {
            string where = entry.LicenceUrl is { } url ? $" ({url})" : "";
            throw new ModelDownloadException(
                DownloadFault.LicenceNotAccepted,
                entry.Id,
                $"the model's licence '{entry.Licence}'{where} must be agreed to before the weights are fetched. Read it, and add '{entry.Licence}' to the setting Clip:AcceptedLicences.");
        }
    }

    private async Task<ModelBundle> MakeAsync(CatalogEntry entry, ModelPrecision precision, string staging, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        FetchedSource fetched = await FetchAnyAsync(entry, precision, staging, progress, cancellationToken);
        string prepared = Path.Combine(staging, "bundle");
        if (Directory.Exists(prepared))
        {
            Directory.Delete(prepared, recursive: true);
        }

        string place = Path.Combine(_options.CacheDirectory, DirectoryModelSource.FolderName(entry.Id, precision));
        ModelBundle bundle;
        try
        {
            ModelBundle converted = await ConvertAsync(entry, precision, fetched, prepared, progress, cancellationToken);
            if (converted.Manifest.Precision != precision)
            {
                throw new InvalidBundleException(converted.Folder, "precision", $"expected {ModelRequest.NameOf(precision)}, found {ModelRequest.NameOf(converted.Manifest.Precision)}.");
            }

            progress?.Report(new ModelProgress("verifying", entry.Id, 0, converted.Size));
            bundle = await BundlePlace.MoveAsync(prepared, place, cancellationToken);
        }
        catch (IOException exception) when (DiskSpace.IsFull(exception))
        {
            throw DiskSpace.Full(_options.CacheDirectory, $"converting {entry.Id}", exception);
        }
        finally
        {
            if (Directory.Exists(prepared))
            {
                Directory.Delete(prepared, recursive: true);
            }
        }

        LogMade(entry.Id, bundle.Folder, bundle.Size);
        if (!_options.KeepCheckpoints)
        {
            Directory.Delete(staging, recursive: true);
        }

        await PushAsync(bundle, progress, cancellationToken);
        return bundle;
    }

    private async Task<FetchedSource> FetchAnyAsync(CatalogEntry entry, ModelPrecision precision, string staging, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        List<ModelDownloadException> failures = [];
        for (int i = 0; i < entry.Sources.Count; i++)
        {
            string folder = Path.Combine(staging, $"source{i + 1}");
            try
            {
                return await FetchAsync(entry, entry.Sources[i], precision, folder, progress, cancellationToken);
            }
            catch (ModelDownloadException exception) when (exception.Fault is DownloadFault.NotFound or DownloadFault.AccessDenied or DownloadFault.Unreachable)
            {
                failures.Add(exception);
                if (i + 1 < entry.Sources.Count)
                {
                    LogNextSource(entry.Id, exception.Message);
                }
            }
            catch (ModelDownloadException exception) when (exception.Fault is DownloadFault.HashMismatch or DownloadFault.SizeMismatch)
            {
                // Nothing that came from there is to be trusted.
                if (Directory.Exists(staging))
                {
                    Directory.Delete(staging, recursive: true);
                }

                throw;
            }
        }

        switch (failures)
        {
            case [ModelDownloadException only]:
                ExceptionDispatchInfo.Throw(only);
                throw only;
            default:
                throw new ModelDownloadException(
                    failures[0].Fault,
                    entry.Id,
                    $"none of its {failures.Count} sources could be fetched. {string.Join(" ", failures.Select(failure => failure.Message))}",
                    new AggregateException(failures));
        }
    }

    private async Task<FetchedSource> FetchAsync(CatalogEntry entry, CatalogSource source, ModelPrecision precision, string folder, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        HubRevision? revision = await ResolveAsync(source, cancellationToken);
        List<(DownloadRequest Request, bool Optional)> requests = Requests(source, revision);
        Tidy(folder, requests);
        DiskSpace.Require(folder, Missing(folder, requests) + BundleSize(entry, precision), $"fetching and converting {entry.Id}");

        string? commit = revision?.Commit;
        Uri? checkpoint = null;
        string? checkpointPath = null;
        foreach ((DownloadRequest request, bool optional) in requests)
        {
            try
            {
                DownloadedFile file = await _downloader.DownloadAsync(request, folder, progress, cancellationToken);
                checkpointPath ??= file.Path;
                checkpoint ??= request.Address;
                commit ??= source.Repository is null ? null : file.Commit;
            }
            catch (ModelDownloadException exception) when (optional && exception.Fault == DownloadFault.NotFound)
            {
                LogOptionalMissing(request.Name, entry.Id);
            }
        }

        // The first file is the checkpoint, which no entry may call optional.
        string? pinned = source.Repository is not null && HubClient.IsCommit(source.Revision) ? source.Revision : null;
        return new FetchedSource(checkpointPath!, new ModelSource { Url = ModelDownloadException.Shown(checkpoint!.AbsoluteUri), Revision = commit ?? pinned });
    }

    /// <summary>The commit and its files; null where they need not, or cannot, be asked for.</summary>
    private async Task<HubRevision?> ResolveAsync(CatalogSource source, CancellationToken cancellationToken)
    {
        bool pinned = HubClient.IsCommit(source.Revision);
        if (source.Repository is not { } repository || (pinned && source.Files.All(file => file.Sha256 is not null && !file.Optional)))
        {
            return null;
        }

        try
        {
            return await _hub.ResolveAsync(repository, source.Revision, cancellationToken);
        }
        catch (ModelDownloadException exception) when (pinned && exception.Fault == DownloadFault.NotFound)
        {
            // Simple mirrors have the files alone; a commit needs no more, and a file that is not there will say so itself.
            return null;
        }
    }

    private List<(DownloadRequest Request, bool Optional)> Requests(CatalogSource source, HubRevision? revision)
    {
        List<(DownloadRequest, bool)> requests = [];
        foreach (CatalogFile file in source.Files)
        {
            string name = file.Name[(file.Name.LastIndexOf('/') + 1)..];
            if (file.Url is { } url)
            {
                requests.Add((new DownloadRequest { Address = new Uri(url), Name = name, Size = file.Size, Sha256 = file.Sha256 }, file.Optional));
                continue;
            }

            Uri address = _hub.FileAddress(source.Repository!, revision?.Commit ?? source.Revision, file.Name);
            HubFile? listed = null;
            if (revision is not null && !revision.Files.TryGetValue(file.Name, out listed))
            {
                if (file.Optional)
                {
                    continue;
                }

                throw new ModelDownloadException(DownloadFault.NotFound, address.AbsoluteUri, $"the repository {source.Repository} has no such file at {revision.Commit}.");
            }

            if (file.Sha256 is { } published && listed?.Sha256 is { } offered && !string.Equals(published, offered, StringComparison.OrdinalIgnoreCase))
            {
                throw ModelDownloadException.Hash(address.AbsoluteUri, published, offered);
            }

            requests.Add((new DownloadRequest { Address = address, Name = name, Size = file.Size ?? listed?.Size, Sha256 = file.Sha256 ?? listed?.Sha256 }, file.Optional));
        }

        return requests;
    }

    // The converter takes what lies beside the checkpoint: an earlier version of the entry may have left other files.
    private static void Tidy(string folder, List<(DownloadRequest Request, bool Optional)> requests)
    {
        Directory.CreateDirectory(folder);
        foreach (string path in Directory.GetFiles(folder))
        {
            string name = Path.GetFileName(path);
            if (!requests.Any(item => name == item.Request.Name || name.StartsWith($"{item.Request.Name}.part", StringComparison.Ordinal)))
            {
                File.Delete(path);
            }
        }
    }

    private static long Missing(string folder, List<(DownloadRequest Request, bool Optional)> requests)
    {
        long missing = 0;
        foreach ((DownloadRequest request, _) in requests)
        {
            FileInfo whole = new(Path.Combine(folder, request.Name));
            FileInfo part = new(whole.FullName + ".part");
            missing += Math.Max(0, (request.Size ?? 0) - (whole.Exists ? whole.Length : part.Exists ? part.Length : 0));
        }

        return missing;
    }

    // A lower bound, to fail before the download rather than after it.
    private static long BundleSize(CatalogEntry entry, ModelPrecision precision) =>
        (long)((entry.ParametersMillions ?? 0) * 1e6) * precision switch { ModelPrecision.Fp32 => 4, ModelPrecision.Fp16 => 2, _ => 1 };

    private static Task<ModelBundle> ConvertAsync(CatalogEntry entry, ModelPrecision precision, FetchedSource fetched, string destination, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        ConversionOptions options = new()
        {
            Id = entry.Id,
            Activation = entry.Activation,
            Mean = entry.Mean,
            Std = entry.Std,
            Precision = precision,
            ResizeMode = entry.ResizeMode,
            Source = fetched.Source,
        };
        return CheckpointConverter.ConvertAsync(fetched.Checkpoint, destination, options, progress is null ? null : new ConversionReport(entry.Id, progress), cancellationToken);
    }

    private async Task PushAsync(ModelBundle bundle, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        if (_store is null)
        {
            return;
        }

        try
        {
            await _store.PushAsync(bundle, progress, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // The model itself is there; the next machine will make its own.
            LogPushFailed(exception, bundle.Id);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Made {Model} in {Folder} ({Bytes} bytes)")]
    private partial void LogMade(string model, string folder, long bytes);

    [LoggerMessage(2, LogLevel.Warning, "{Model}: trying its next source, because of {Problem}")]
    private partial void LogNextSource(string model, string problem);

    [LoggerMessage(3, LogLevel.Information, "{File} of {Model} is not there; the model does without it")]
    private partial void LogOptionalMissing(string file, string model);

    [LoggerMessage(4, LogLevel.Warning, "The bundle of {Model} could not be stored for other machines")]
    private partial void LogPushFailed(Exception exception, string model);

    private sealed record FetchedSource(string Checkpoint, ModelSource Source);

    private sealed class ConversionReport(string model, IProgress<ModelProgress> progress) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => progress.Report(new ModelProgress("converting", model, value.BytesDone, value.BytesTotal));
    }
}
