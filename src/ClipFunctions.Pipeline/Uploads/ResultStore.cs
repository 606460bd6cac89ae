using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Pipeline.Storage;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>
/// Result records and embeddings. Each write is conditional on what was read before it, so that of two workers on one
/// upload one wins and the other learns of it.
/// </summary>
public sealed class ResultStore
{
    /// <summary>More bytes than a record ever has: 1000 labels of 1 KB.</summary>
    internal const int MaxRecordBytes = 1 << 20;

    private const string VersionKey = "upload_etag";
    private const string PictureKey = "picture_sha256";
    private const string FingerprintKey = "model_fingerprint";
    private const string PreprocessKey = "preprocess";
    private const string Exact = "exact";
    private const string Fast = "fast";
    private const string EmbeddingType = "application/octet-stream";

    private readonly BlobContainerClient _results;
    private readonly BlobContainerClient _embeddings;

    /// <summary>Works on the containers that <paramref name="layout"/> names.</summary>
    public ResultStore(StorageConnection storage, StorageLayout layout)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(layout);
        _results = storage.Blobs.GetBlobContainerClient(layout.Results);
        _embeddings = storage.Blobs.GetBlobContainerClient(layout.Embeddings);
    }

    /// <summary>The record of an upload, if there is one that can be read.</summary>
    public async Task<StoredResult> ReadAsync(string uploadName, CancellationToken cancellationToken)
    {
        BlobClient blob = _results.GetBlobClient(StorageLayout.ResultName(uploadName));
        try
        {
            Response<BlobDownloadResult> download = await blob.DownloadContentAsync(cancellationToken);
            return new StoredResult(Parse(download.Value.Content), download.Value.Details.ETag);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return StoredResult.None;
        }
    }

    /// <summary>The bytes of an upload's record, whatever they are; null if there is none, or one larger than any record.</summary>
    /// <param name="uploadName">The upload's path.</param>
    /// <param name="known">The version that the caller has, in the quoted form: if it still stands, its bytes are not read again.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    public async Task<StoredBytes?> ReadBytesAsync(string uploadName, ETag? known, CancellationToken cancellationToken)
    {
        try
        {
            StoredBytes stored = await StoredBytes.ReadAsync(
                _results.GetBlobClient(StorageLayout.ResultName(uploadName)),
                new BlobRequestConditions { IfNoneMatch = known },
                MaxRecordBytes,
                cancellationToken);
            return stored.IsOverLimit ? null : stored;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>A record; null if the bytes are none, or of a form that is not known (it is replaced then).</summary>
    internal static UploadResult? Parse(BinaryData json)
    {
        try
        {
            UploadResult? result = JsonSerializer.Deserialize(json, UploadJson.Default.UploadResult);
            return result is { Labels: not null } ? result : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes a record in place of <paramref name="previous"/>; false if somebody else wrote one meanwhile.</summary>
    internal async Task<bool> TryWriteAsync(UploadResult result, StoredResult previous, CancellationToken cancellationToken)
    {
        BlobClient blob = _results.GetBlobClient(StorageLayout.ResultName(result.Source.Name));
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(result, UploadJson.Default.UploadResult);
        ETag? written = await TryUploadAsync(blob, json, "application/json", previous.ETag, cancellationToken);
        return written is not null;
    }

    /// <summary>Removes a record, so that its upload counts as not looked at; one that was written meanwhile is left alone.</summary>
    internal async Task DeleteAsync(string uploadName, StoredResult standing, CancellationToken cancellationToken)
    {
        try
        {
            await _results.GetBlobClient(StorageLayout.ResultName(uploadName)).DeleteIfExistsAsync(
                conditions: new BlobRequestConditions { IfMatch = standing.ETag },
                cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
        }
    }

    /// <summary>
    /// Writes an embedding in place of the version <paramref name="previous"/> (none: there must be none); null if another
    /// one stands there. One that stands there of the same version by the same model is as good as written: its last bits may
    /// differ, because they depend on the batch, and replacing it would take it from under the record of who wrote it.
    /// </summary>
    internal async Task<UploadEmbedding?> TryWriteEmbeddingAsync(
        UploadResult result,
        float[] vector,
        ETag? previous,
        CancellationToken cancellationToken)
    {
        BlobClient blob = _embeddings.GetBlobClient(StorageLayout.EmbeddingName(result.Source.Name));
        Dictionary<string, string> origin = OriginOf(result);
        ETag? etag = await TryUploadAsync(blob, NpyFormat.Write(vector), EmbeddingType, previous, cancellationToken, origin);
        if (etag is null && await PropertiesAsync(blob, cancellationToken) is { } standing && HasOrigin(standing, origin))
        {
            etag = standing.ETag;
        }

        return etag is { } version
            ? new UploadEmbedding(_embeddings.Name, blob.Name, version.ToString("G"), vector.Length)
            : null;
    }

    /// <summary>
    /// Makes a standing embedding of the same picture this result's. It gets a new ETag by that, so that a late worker who knows the
    /// old one cannot replace it; null if it is not the one that stands.
    /// </summary>
    internal async Task<UploadEmbedding?> TryClaimEmbeddingAsync(UploadEmbedding embedding, UploadResult result, CancellationToken cancellationToken)
    {
        try
        {
            BlobInfo claimed = await _embeddings.GetBlobClient(embedding.Name).SetMetadataAsync(
                OriginOf(result),
                new BlobRequestConditions { IfMatch = new ETag(embedding.ETag) },
                cancellationToken);
            return embedding with { ETag = claimed.ETag.ToString("G") };
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            return null;
        }
    }

    /// <summary>The ETag of the embedding that stands now, if this result's may replace it; null if there is none, or one of the same version by the same model.</summary>
    internal async Task<ETag?> ReplaceableEmbeddingAsync(UploadResult result, CancellationToken cancellationToken) =>
        await PropertiesAsync(_embeddings.GetBlobClient(StorageLayout.EmbeddingName(result.Source.Name)), cancellationToken) is { } standing && !HasOrigin(standing, OriginOf(result))
            ? standing.ETag
            : null;

    /// <summary>Removes the embedding of a picture that has been replaced by one without; a newer version is left alone.</summary>
    internal async Task DeleteEmbeddingAsync(UploadEmbedding embedding, CancellationToken cancellationToken)
    {
        try
        {
            await _embeddings.GetBlobClient(embedding.Name).DeleteIfExistsAsync(
                conditions: new BlobRequestConditions { IfMatch = new ETag(embedding.ETag) },
                cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 412)
        {
        }
    }

    private static Dictionary<string, string> OriginOf(UploadResult result) => new()
    {
        [VersionKey] = result.Source.ETag,
        [PictureKey] = result.Source.Sha256 ?? "",
        [FingerprintKey] = result.Model.Fingerprint,
        [PreprocessKey] = result.Preprocess == PreprocessingMode.Fast ? Fast : Exact,
    };

    private static bool HasOrigin(BlobProperties properties, Dictionary<string, string> origin) =>
        origin.All(entry => properties.Metadata.TryGetValue(entry.Key, out string? value) && value == entry.Value);

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

    private static async Task<ETag?> TryUploadAsync(
        BlobClient blob,
        byte[] content,
        string contentType,
        ETag? previous,
        CancellationToken cancellationToken,
        IDictionary<string, string>? metadata = null)
    {
        BlobUploadOptions options = new()
        {
            Conditions = previous is { } etag
                ? new BlobRequestConditions { IfMatch = etag }
                : new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
            Metadata = metadata,
        };
        try
        {
            return (await blob.UploadAsync(new BinaryData(content), options, cancellationToken)).Value.ETag;
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            return null;
        }
    }
}
