using System.Buffers;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>Reads uploads and sets their tags.</summary>
public sealed class UploadReader
{
    private readonly BlobContainerClient _uploads;

    /// <summary>Works on the uploads container of <paramref name="layout"/>.</summary>
    public UploadReader(StorageConnection storage, StorageLayout layout)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(layout);
        _uploads = storage.Blobs.GetBlobContainerClient(layout.Uploads);
    }

    /// <summary>The container's name.</summary>
    public string Container => _uploads.Name;

    /// <summary>Whether an upload of that name can be asked for: see <see cref="BlobPath.LeadsInto"/>.</summary>
    public bool CanReach(string name) => BlobPath.LeadsInto(_uploads, name);

    /// <summary>
    /// Reads the version that the event is about. Null if it is not there any more; then <paramref name="upload"/> is gone
    /// or has been replaced.
    /// </summary>
    /// <param name="upload">The event.</param>
    /// <param name="maxBytes">A blob larger than this is not read.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    public Task<UploadContent?> ReadAsync(UploadEvent upload, long maxBytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        return ReadAsync(upload.Name, new BlobRequestConditions { IfMatch = upload.ETag }, maxBytes, cancellationToken);
    }

    /// <summary>Reads the version that stands now; null if there is no such upload.</summary>
    /// <param name="name">The upload's path.</param>
    /// <param name="known">The version that the caller has, in the quoted form: if it still stands, its bytes are not read again.</param>
    /// <param name="maxBytes">A blob larger than this is not read.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    public Task<UploadContent?> ReadAsync(string name, ETag? known, long maxBytes, CancellationToken cancellationToken) =>
        ReadAsync(name, new BlobRequestConditions { IfNoneMatch = known }, maxBytes, cancellationToken);

    /// <summary>The version that stands now; null if the blob is gone.</summary>
    public async Task<ETag?> VersionAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await _uploads.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>The blob's tags; null if the blob is gone.</summary>
    public async Task<IDictionary<string, string>?> TagsAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await _uploads.GetBlobClient(name).GetTagsAsync(cancellationToken: cancellationToken)).Value.Tags;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Sets the blob's tags if it still is the version <paramref name="etag"/>; false if it is not.</summary>
    public async Task<bool> TrySetTagsAsync(string name, ETag etag, IDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        try
        {
            await _uploads.GetBlobClient(name).SetTagsAsync(tags, new BlobRequestConditions { IfMatch = etag }, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            return false;
        }
    }

    private async Task<UploadContent?> ReadAsync(string name, BlobRequestConditions conditions, long maxBytes, CancellationToken cancellationToken)
    {
        BlobDownloadOptions options = new() { Conditions = conditions };
        try
        {
            Response<BlobDownloadStreamingResult> response = await _uploads.GetBlobClient(name).DownloadStreamingAsync(options, cancellationToken);
            if (StoredBytes.IsNotModifiedAnswer(response))
            {
                return UploadContent.NotModified(conditions.IfNoneMatch!.Value);
            }

            using BlobDownloadStreamingResult download = response.Value;
            BlobDownloadDetails details = download.Details;
            long size = details.ContentLength;
            if (size > maxBytes)
            {
                return new UploadContent(details.ETag, size, details.LastModified, details.TagCount, buffer: null);
            }

            byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Max(1, size));
            try
            {
                await download.Content.ReadExactlyAsync(buffer.AsMemory(0, (int)size), cancellationToken);
                return new UploadContent(details.ETag, size, details.LastModified, details.TagCount, buffer);
            }
            catch
            {
                ArrayPool<byte>.Shared.Return(buffer);
                throw;
            }
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            return null;
        }
    }
}
