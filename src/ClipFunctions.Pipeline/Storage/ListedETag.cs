using Azure;
using Azure.Storage.Blobs.Models;

namespace ClipFunctions.Pipeline.Storage;

/// <summary>
/// ETags of listed blobs. A listing gives them bare (<c>0x8D…</c>), every other answer quoted (<c>"0x8D…"</c>), and the SDK
/// takes the two for different ones.
/// </summary>
public static class ListedETag
{
    /// <summary>A listed blob's ETag in the quoted form; null if the listing gave none.</summary>
    public static ETag? Of(BlobItem blob)
    {
        ArgumentNullException.ThrowIfNull(blob);
        return blob.Properties.ETag is { } etag ? new ETag(etag.ToString("H")) : null;
    }
}
