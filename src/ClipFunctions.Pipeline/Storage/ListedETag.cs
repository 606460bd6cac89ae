using Azure;
using Azure.Storage.Blobs.Models;

namespace ClipFunctions.Pipeline.Storage;

/// <summary>
/// ETags of listed blobs. A listing gives them bare (<c>0x8D…</c>), every other answer quoted (<c>"0x8D…"</c>), and the SDK
/// takes the two for different ones.
/// </summary>
public static class ListedETag
{
    private const int MaxLength = 128;

    /// <summary>Whether a text is one version's ETag in the quoted form; <c>*</c> is none, it would match whatever stands there.</summary>
    public static bool IsVersion(string? etag) =>
        etag is { Length: > 2 and <= MaxLength } && etag[0] == '"' && etag[^1] == '"' && !etag.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>A listed blob's ETag in the quoted form; null if the listing gave none.</summary>
    public static ETag? Of(BlobItem blob)
    {
        ArgumentNullException.ThrowIfNull(blob);
        return blob.Properties.ETag is { } etag ? new ETag(etag.ToString("H")) : null;
    }
}
