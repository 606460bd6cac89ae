using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace ClipFunctions.LocalHost.BlobTrigger;

/// <summary>
/// Which versions of which blobs have been passed on: an empty blob each,
/// <c>azure-webjobs-hosts/blobreceipts/{host id}/{function id}/{ETag}/{container}/{path}</c>, the Functions' form.
/// </summary>
public sealed class BlobReceipts
{
    private const int MaxBlobNameLength = 1024;

    private readonly BlobContainerClient _container;
    private readonly string _prefix;
    private readonly string _watched;

    /// <summary>The receipts of a function about a container.</summary>
    public BlobReceipts(BlobServiceClient blobs, string hostId, string functionId, string watchedContainer)
    {
        ArgumentNullException.ThrowIfNull(blobs);
        _container = blobs.GetBlobContainerClient("azure-webjobs-hosts");
        _prefix = $"blobreceipts/{hostId}/{functionId}/";
        _watched = watchedContainer;
    }

    /// <summary>Creates the container if need be.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);

    /// <summary>All receipts, as (ETag, path); one listing call per 5,000.</summary>
    public async IAsyncEnumerable<(ETag ETag, string Name)> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        GetBlobsOptions options = new() { Prefix = _prefix };
        await foreach (BlobItem receipt in _container.GetBlobsAsync(options, cancellationToken))
        {
            string rest = receipt.Name[_prefix.Length..];
            string[] parts = rest.Split('/', 3);
            if (parts.Length == 3 && parts[1] == _watched)
            {
                yield return (new ETag($"\"{parts[0]}\""), parts[2]);
            }
        }
    }

    /// <summary>Whether there is a receipt.</summary>
    public async Task<bool> ExistsAsync(ETag etag, string name, CancellationToken cancellationToken) =>
        await Receipt(etag, name).ExistsAsync(cancellationToken);

    /// <summary>Leaves a receipt.</summary>
    public async Task WriteAsync(ETag etag, string name, CancellationToken cancellationToken) =>
        await Receipt(etag, name).UploadAsync(BinaryData.Empty, overwrite: true, cancellationToken);

    private BlobClient Receipt(ETag etag, string name)
    {
        string blob = $"{_prefix}{etag.ToString("G").Trim('"')}/{_watched}/{name}";

        // The ETag alone tells nearly all versions apart; the name is cut where it would not fit.
        return _container.GetBlobClient(blob.Length <= MaxBlobNameLength ? blob : blob[..MaxBlobNameLength]);
    }
}
