using System.Buffers;
using Azure;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>
/// One version of an upload: its bytes in a pooled buffer, or only its size where it is over the limit, or nothing but its ETag where it is
/// the version that the caller has.
/// </summary>
public sealed class UploadContent : IDisposable
{
    private byte[]? _buffer;

    private UploadContent(ETag known)
    {
        ETag = known;
        IsNotModified = true;
    }

    internal UploadContent(ETag etag, long size, DateTimeOffset lastModified, long tagCount, byte[]? buffer)
    {
        ETag = etag;
        Size = size;
        LastModified = lastModified;
        TagCount = tagCount;
        _buffer = buffer;
    }

    /// <summary>The version.</summary>
    public ETag ETag { get; }

    /// <summary>Whether it is the version that the caller has; then nothing else is known of it.</summary>
    public bool IsNotModified { get; }

    /// <summary>Bytes.</summary>
    public long Size { get; }

    /// <summary>When this version was written.</summary>
    public DateTimeOffset LastModified { get; }

    /// <summary>How many blob index tags it bore when it was read.</summary>
    public long TagCount { get; }

    /// <summary>Whether the bytes were left unread because there are too many.</summary>
    public bool IsOverLimit => _buffer is null && !IsNotModified;

    /// <summary>The bytes; valid until disposal.</summary>
    public ReadOnlyMemory<byte> Bytes => (_buffer ?? throw new InvalidOperationException("The upload was not read.")).AsMemory(0, (int)Size);

    internal static UploadContent NotModified(ETag known) => new(known);

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
