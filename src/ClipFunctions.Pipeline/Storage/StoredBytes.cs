using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace ClipFunctions.Pipeline.Storage;

/// <summary>One version of a small blob: its bytes, or only that they are the ones already known, or too many.</summary>
public sealed class StoredBytes
{
    private readonly BinaryData? _content;

    private StoredBytes(ETag etag, BinaryData? content, bool isOverLimit)
    {
        ETag = etag;
        _content = content;
        IsOverLimit = isOverLimit;
    }

    /// <summary>The version.</summary>
    public ETag ETag { get; }

    /// <summary>Whether it is the version that the caller has.</summary>
    public bool IsNotModified => _content is null && !IsOverLimit;

    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidOperationException">They were not read.</exception>
    public BinaryData Content => _content ?? throw new InvalidOperationException("The blob was not read.");

    internal bool IsOverLimit { get; }

    /// <summary>Reads a blob whose size may be anything.</summary>
    /// <exception cref="RequestFailedException">The blob is gone (404), is another version (412), or storage failed.</exception>
    internal static async Task<StoredBytes> ReadAsync(BlobClient blob, BlobRequestConditions conditions, int maxBytes, CancellationToken cancellationToken)
    {
        Response<BlobDownloadStreamingResult> response = await blob.DownloadStreamingAsync(new BlobDownloadOptions { Conditions = conditions }, cancellationToken);
        if (IsNotModifiedAnswer(response))
        {
            return new StoredBytes(conditions.IfNoneMatch!.Value, null, false);
        }

        using BlobDownloadStreamingResult download = response.Value;
        long size = download.Details.ContentLength;
        if (size > maxBytes)
        {
            return new StoredBytes(download.Details.ETag, null, true);
        }

        byte[] bytes = new byte[size];
        await download.Content.ReadExactlyAsync(bytes, cancellationToken);
        return new StoredBytes(download.Details.ETag, new BinaryData(bytes), false);
    }

    /// <summary>Whether storage answered that the version of <c>If-None-Match</c> stands; such an answer has no value.</summary>
    internal static bool IsNotModifiedAnswer(Response<BlobDownloadStreamingResult> response) => response.GetRawResponse().Status == 304;
}
