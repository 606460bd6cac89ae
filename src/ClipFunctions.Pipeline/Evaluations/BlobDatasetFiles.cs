using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Datasets;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Evaluations;

/// <summary>A data set in a container: all blobs below a prefix, or one blob that is an archive or a manifest.</summary>
public sealed class BlobDatasetFiles : IDatasetFiles
{
    // What Data Lake accounts list for a folder.
    private const string FolderMark = "hdi_isfolder";

    private readonly BlobContainerClient _container;
    private readonly string _root;

    private BlobDatasetFiles(BlobContainerClient container, string root, string? entry)
    {
        _container = container;
        _root = root;
        Entry = entry;
        Origin = $"{container.Name}/{root}{entry}";
    }

    /// <inheritdoc/>
    public string Origin { get; }

    /// <inheritdoc/>
    public string? Entry { get; }

    /// <summary>Opens a data set.</summary>
    /// <param name="container">The container.</param>
    /// <param name="path">A blob's name, or a prefix up to a <c>/</c>, which may be left out; empty for the whole container.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDatasetException">There is no such container, or <paramref name="path"/> cannot be a blob's name.</exception>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public static async Task<BlobDatasetFiles> OpenAsync(BlobContainerClient container, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentNullException.ThrowIfNull(path);
        string origin = $"{container.Name}/{path}";
        string name = path.EndsWith('/') ? path[..^1] : path;
        if (name.Length > 0 && !BlobPath.IsValid(name, out string? problem))
        {
            throw new InvalidDatasetException(origin, problem);
        }

        try
        {
            if (name.Length == 0)
            {
                await container.GetPropertiesAsync(cancellationToken: cancellationToken);
                return new BlobDatasetFiles(container, "", null);
            }

            if (!path.EndsWith('/'))
            {
                BlobProperties properties = await container.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken);
                if (!IsFolder(properties.Metadata))
                {
                    int folder = name.LastIndexOf('/') + 1;
                    return new BlobDatasetFiles(container, name[..folder], name[folder..]);
                }
            }
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            // An answer to HEAD has no body; its header tells which of the two is missing.
            if (exception.ErrorCode == BlobErrorCode.ContainerNotFound)
            {
                throw new InvalidDatasetException(origin, $"there is no container '{container.Name}'.", exception);
            }
        }

        return new BlobDatasetFiles(container, name + "/", null);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDatasetException">There is no such container.</exception>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async IAsyncEnumerable<DatasetFile> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        GetBlobsOptions options = new() { Prefix = _root + prefix, Traits = BlobTraits.Metadata };
        await using IAsyncEnumerator<BlobItem> blobs = _container.GetBlobsAsync(options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(blobs))
        {
            BlobItem blob = blobs.Current;

            // A name that cannot be asked for would only lead to another blob.
            if (ListedETag.Of(blob) is { } etag && !IsFolder(blob.Metadata) && BlobPath.IsValid(blob.Name, out _))
            {
                yield return new DatasetFile(blob.Name[_root.Length..], blob.Properties.ContentLength ?? 0, etag.ToString());
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="RequestFailedException">Storage failed.</exception>
    public async Task<Stream> OpenAsync(DatasetFile file, long offset, long? length, CancellationToken cancellationToken)
    {
        long part = FileParts.LengthOf(file, offset, length);
        string name = _root + file.Name;

        // Plans are files, too: anything may stand there in a version's place, and "*" would match whatever stands in storage.
        if (!BlobPath.IsValid(name, out _) || !ListedETag.IsVersion(file.ETag))
        {
            throw new DatasetFileChangedException(file.Name);
        }

        BlobDownloadOptions options = new()
        {
            // Storage refuses a range of nothing.
            Range = part > 0 ? new HttpRange(offset, part) : default,
            Conditions = new BlobRequestConditions { IfMatch = new ETag(file.ETag) },
        };
        try
        {
            BlobDownloadStreamingResult download = await _container.GetBlobClient(name).DownloadStreamingAsync(options, cancellationToken);
            if (part > 0)
            {
                return download.Content;
            }

            download.Dispose();
            return Stream.Null;
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            throw new DatasetFileChangedException(file.Name, exception);
        }
    }

    private static bool IsFolder(IDictionary<string, string>? metadata) =>
        metadata is not null && metadata.TryGetValue(FolderMark, out string? value) && string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<BlobItem> blobs)
    {
        try
        {
            return await blobs.MoveNextAsync();
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            throw new InvalidDatasetException(Origin, $"there is no container '{_container.Name}'.", exception);
        }
    }
}
